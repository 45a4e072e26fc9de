"""The figures that follow the training of a network: history, confusion, map of the embedding."""

import numpy as np

from mlbook import plots

_MARKERS = "osD^vPX<>*"


def history(curves, title, measure, *sources, test=True):
    """Show how a measure changed from epoch to epoch.

    Parameters
    ----------
    curves : dict of str to mapping
        For each network, the `history` that Keras returns; lists, one value an epoch.
    title : str
        States what is drawn, no finding.
    measure : str
        A key of the histories, such as "loss"; with "val_" before it, it is looked up for items
        that were not trained on, and drawn as a solid line beside the dashed one of training.
    *sources : Dataset or Result
    test : bool, default=True
        Whether to draw the curves of "val_".

    Raises
    ------
    ValueError
        If there is no curve, or a history lacks the measure.
    """
    import matplotlib.pyplot as plt

    if not curves:
        raise ValueError("no history to draw")
    kinds = {measure: "--", f"val_{measure}": "-"} if test else {measure: "-"}
    figure, ax = plt.subplots(figsize=(7, 3.8))
    ends = []
    for (name, found), colour in zip(curves.items(), _colours(len(curves)), strict=True):
        for key, line in kinds.items():
            if key not in found:
                raise ValueError(f"the history of {name} has no {key}; it has {', '.join(found)}")
            values = found[key]
            held_out = key != measure
            label = f"{name}, {'held out' if held_out else 'training'}" if test else name
            ax.plot(
                range(1, len(values) + 1),
                values,
                line,
                marker="o",
                markersize=3,
                color=colour,
                label=label,
            )
            ends.append(f"{label} {values[0]:.2f} to {values[-1]:.2f}")
    ax.set(title=title, xlabel="epoch", ylabel=measure.replace("_", " "))
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plots.show(
        figure,
        f"Curves of {measure.replace('_', ' ')} over the epochs, first to last: {'; '.join(ends)}.",
        *sources,
    )


def confusion(y_true, y_predicted, class_names, title, *sources):
    """Show which classes are taken for which, in percent of the true class.

    Parameters
    ----------
    y_true, y_predicted : array-like of int, shape (n,)
    class_names : sequence of str
        One name a class, from class 0.
    title : str
    *sources : Dataset or Result
    """
    import matplotlib.pyplot as plt
    from sklearn.metrics import confusion_matrix

    shares = 100 * confusion_matrix(
        y_true, y_predicted, labels=range(len(class_names)), normalize="true"
    )
    n = len(class_names)
    figure, ax = plt.subplots(figsize=(1.8 + 0.52 * n, 1.2 + 0.46 * n))
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=100, aspect="auto")
    for row, column in np.ndindex(n, n):
        if shares[row, column] >= 0.5:
            ink = "white" if shares[row, column] > 55 else "black"
            ax.text(column, row, f"{shares[row, column]:.0f}", ha="center", va="center", color=ink)
    ax.set_xticks(range(n), class_names, rotation=45, ha="right")
    ax.set_yticks(range(n), class_names)
    ax.set(title=title, xlabel="predicted", ylabel="true")
    ax.grid(visible=False)
    wrong = shares - np.diag(np.diag(shares))
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    right = ", ".join(f"{name} {shares[i, i]:.0f}" for i, name in enumerate(class_names))
    plots.show(
        figure,
        f"Confusion matrix in percent of the true class. Right: {right}. Most often mistaken: "
        f"{class_names[row]} for {class_names[column]}, {wrong.max():.0f} %.",
        *sources,
    )


def embedding_map(embeddings, y, class_names, title, *sources, seed=0):
    """Show embeddings in two dimensions: along the two main directions (PCA), and by t-SNE.

    t-SNE shows which points are near neighbours; distances between groups mean little in it.

    Parameters
    ----------
    embeddings : ndarray of shape (n, n_dims)
        A few hundred to two thousand points.
    y : array-like of int, shape (n,)
    class_names : sequence of str
    title : str
    *sources : Dataset or Result
    seed : int, default=0
        Of t-SNE.

    References
    ----------
    L. van der Maaten and G. Hinton, Visualizing data using t-SNE, JMLR 9, 2008.
    """
    import matplotlib.pyplot as plt
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    y = np.asarray(y)
    pca = PCA(2, random_state=seed).fit(embeddings)
    share = 100 * pca.explained_variance_ratio_.sum()
    near = min(30, (len(embeddings) - 1) // 3)
    tsne = TSNE(perplexity=near, init="pca", random_state=seed).fit_transform(embeddings)
    figure, axes = plt.subplots(1, 2, figsize=(9, 4))
    names = (f"PCA, {share:.0f} % of the variance", "t-SNE")
    for ax, points, name in zip(axes, (pca.transform(embeddings), tsne), names, strict=True):
        for label, colour in zip(range(len(class_names)), _colours(len(class_names)), strict=True):
            ax.plot(
                *points[y == label].T,
                _MARKERS[label % len(_MARKERS)],
                markersize=3,
                alpha=0.6,
                color=colour,
                label=class_names[label],
            )
        ax.set(title=name, xticks=[], yticks=[])
    axes[1].legend(loc="upper left", bbox_to_anchor=(1, 1), markerscale=2)
    figure.suptitle(title, fontsize=11)
    plots.show(
        figure,
        f"Two scatter plots of {len(y)} embeddings coloured by {len(class_names)} classes "
        f"({', '.join(class_names)}): main directions with {share:.0f} % of the variance, and "
        "t-SNE.",
        *sources,
    )


def embedding_views(views, y, class_names, title, *sources):
    """Show embeddings of the same items side by side, each along its two main directions (PCA).

    Parameters
    ----------
    views : dict of str to ndarray of shape (n, n_dims)
        The embeddings, by their names.
    y : array-like of int, shape (n,)
        Items beyond the last of the class names are drawn in light grey, behind the others.
    class_names : sequence of str
    title : str
    *sources : Dataset or Result
    """
    import matplotlib.pyplot as plt
    from sklearn.decomposition import PCA

    y = np.asarray(y)
    n = len(class_names)
    figure, axes = plt.subplots(1, len(views), figsize=(4.4 * len(views), 3.8), squeeze=False)
    told = []
    for ax, (name, embeddings) in zip(axes[0], views.items(), strict=True):
        pca = PCA(2, random_state=0).fit(embeddings)
        points = pca.transform(embeddings)
        told.append(f"{name} {100 * pca.explained_variance_ratio_.sum():.0f} %")
        ax.plot(*points[y >= n].T, ".", markersize=4, color="#cccccc")
        for label, colour in enumerate(_colours(n)):
            marker = _MARKERS[label % len(_MARKERS)]
            style = {"markersize": 4, "alpha": 0.7, "color": colour, "label": class_names[label]}
            ax.plot(*points[y == label].T, marker, **style)
        ax.set(title=name, xlabel="component 1", ylabel="component 2", xticks=[], yticks=[])
    axes[0, -1].legend(loc="upper left", bbox_to_anchor=(1, 1))
    figure.suptitle(title, fontsize=11, y=1.02)
    plots.show(
        figure,
        f"{len(views)} scatter plots of {len(y)} embeddings along their two main directions, in "
        f"colour: {', '.join(class_names)}. Share of the variance that is shown: "
        f"{', '.join(told)}.",
        *sources,
    )


def _colours(n):
    """n colours: the palette, and beyond it, shades that the markers help to tell apart."""
    palette = list(plots.COLOURS.values())
    return palette[:n] if n <= len(palette) else [*palette, "#882255", "#44AA99", *palette][:n]
