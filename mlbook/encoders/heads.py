"""What all networks share: initialisers by seed, and the embedding and classifier at the end."""

import numpy as np

from mlbook.arguments import check_number


class Seeds:
    """Initialisers that all draw differently, and the same for the same seed."""

    def __init__(self, seed):
        check_number("seed", seed, at_least=0, integer=True)
        self._rng = np.random.default_rng(seed)

    def number(self):
        return int(self._rng.integers(2**31))

    def __call__(self, initializer):
        import keras

        return getattr(keras.initializers, initializer)(seed=self.number())


def dense(units, name, seeds, **options):
    from keras import layers

    return layers.Dense(units, kernel_initializer=seeds("GlorotUniform"), name=name, **options)


def with_head(
    inputs, features, n_classes, n_dims, normalize, seeds, name, dropout=0.0, max_norm=None
):
    import keras
    from keras import layers

    for label, size, least in (("n_classes", n_classes, 2), ("n_dims", n_dims, 1)):
        if size is not None:
            check_number(label, size, at_least=least, integer=True)
    if normalize and n_classes is not None and n_dims is None:
        raise ValueError("normalize=True scales embeddings, and there are none: give n_dims")
    x = features
    if dropout and (n_classes or n_dims):
        x = layers.Dropout(dropout, seed=seeds.number())(x)
    if n_dims is not None:
        x = dense(n_dims, "unscaled" if normalize else "embedding", seeds)(x)
    embedding = layers.UnitNormalization(name="embedding")(x) if normalize else x
    if n_classes is None:
        return keras.Model(inputs, embedding, name=name)
    constraint = None if max_norm is None else keras.constraints.MaxNorm(max_norm)
    classifier = dense(
        n_classes, "probabilities", seeds, activation="softmax", kernel_constraint=constraint
    )
    if n_dims is None:
        return keras.Model(inputs, classifier(x), name=name)
    outputs = {"embedding": embedding, "probabilities": classifier(x)}
    return keras.Model(inputs, outputs, name=name)


def check_widths(widths):
    """Raise ValueError unless widths are integers of at least one."""
    if not isinstance(widths, (tuple, list)) or not widths:
        raise ValueError(f"widths must name at least one size, as in (3, 4, 5); got {widths!r}")
    for width in widths:
        check_number("widths", width, at_least=1, integer=True)
