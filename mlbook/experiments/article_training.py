"""The article's network for CIFAR-10, and how it is trained."""

import keras

from mlbook.encoders import article_cnn, scale_images
from mlbook.progress import training_bar


def train_article_cnn(x, y, epochs, seed, weights=None, validation=None, name="article's CNN"):
    """Train the article's network as its section 2.3 says: Adam, batches of 64, plain images.

    Parameters
    ----------
    x : ndarray of uint8, shape (n, 32, 32, 3)
    y : ndarray of int, shape (n,)
    epochs, seed : int
        The seed draws the first weights and the order of the images.
    weights : ndarray of shape (n,) or None
        Of the samples.
    validation : tuple of (x, y), or None
        Watched during training; decides nothing.
    name : str
        Of the progress bar.

    Returns
    -------
    model : keras.Model
        From `scale_images` to probabilities.
    history : dict
    """
    keras.utils.set_random_seed(seed)
    model = article_cnn(n_classes=10, seed=seed)
    model.compile(
        "adam", "sparse_categorical_crossentropy", weighted_metrics=[], metrics=["accuracy"]
    )
    if validation is not None:
        validation = scale_images(validation[0]), validation[1]
    found = model.fit(
        scale_images(x),
        y,
        batch_size=64,
        epochs=epochs,
        sample_weight=weights,
        validation_data=validation,
        verbose=0,
        callbacks=[training_bar(name)],
    )
    return model, found.history


def features(model, images, batch_size=500):
    """The features of a network from `mlbook.encoders`, one row an image."""
    cut = keras.Model(model.input, model.get_layer("features").output)
    return cut.predict(images, batch_size=batch_size, verbose=0)
