"""Small Keras networks: images or texts -> features -> embedding and classifier.

Each function builds a `keras.Model`. All have the same options for its end:

    article_cnn(n_classes=10)               # probabilities (n, 10), as in the article
    article_cnn(n_dims=64, normalize=True)  # embeddings (n, 64) of length 1
    article_cnn(n_classes=10, n_dims=64)    # {"embedding": ..., "probabilities": ...}
    article_cnn()                           # the features themselves

    n_classes : int or None, default=None. Of the classifier.
    n_dims : int or None, default=None. Of the embedding (嵌入), a linear layer on the features.
    normalize : bool, default=False. Scale the embeddings that are handed out to length 1.
    seed : int, default=0. Same seed, same initial weights, whatever was drawn before.
    name : str or None, default=None. Of the model.

With both, the classifier reads the embedding (before it is scaled): a classification loss and a
metric loss then train the same space, and networks that differ in the loss alone can be
compared. The losses of `mlbook.losses` scale embeddings themselves by default.

    model = EmbeddingModel(article_cnn(n_classes=10, n_dims=64))
    model.compile("adam", loss={
        "embedding": losses.TripletLoss(),
        "probabilities": "sparse_categorical_crossentropy",
    })
    model.fit(x, {"embedding": y, "probabilities": y})

`keras.Model(model.input, model.get_layer("features").output)` gives the features of any of
these networks. Sizes out of range raise ValueError. Keras, which takes seconds to import, is
imported when the first network is built.
"""

from mlbook.encoders.images import article_cnn, residual_cnn, scale_images
from mlbook.encoders.texts import lstm, stacked_textcnn, textcnn

__all__ = ["article_cnn", "lstm", "residual_cnn", "scale_images", "stacked_textcnn", "textcnn"]
