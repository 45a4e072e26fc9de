"""Minimising a function of orthonormal columns that depends on the subspace they span alone.

The matrices Q of shape (n, p) with Q^T Q = I form the Stiefel manifold. At Q, the steepest way
down that keeps them orthonormal to first order is minus G - Q Q^T G, G the ordinary gradient;
the part Q Q^T G would only rotate the columns among themselves, which the function does not see.
A step leaves the manifold a little, and the QR factorisation brings it back.

A step's length is an angle: moving by t times a direction of norm one turns the subspace by at
most about t radians.
"""

import numpy as np

from mlbook.progress import bar

_SUFFICIENT = 1e-4
_SHORTEST_STEP = 1e-14
_LONGEST_ANGLE = 1.0
_FIRST_ANGLE = 0.2
_MOMENTUM = 0.9
_MEMORY = 0.9
_BATCHES_PER_CHECK = 20


def retract(Q):
    """The orthonormal matrix nearest in the order of its columns: Q's factor with R_ii > 0."""
    orthonormal, triangular = np.linalg.qr(Q)
    return orthonormal * np.where(np.diag(triangular) < 0, -1.0, 1.0)


def tangent(Q, gradient):
    """The part of `gradient` that turns the subspace spanned by Q."""
    return gradient - Q @ (Q.T @ gradient)


def descend(function, Q, max_iter, tol, name):
    """Gradient descent with Barzilai and Borwein's steps, shortened until they descend.

    Parameters
    ----------
    function : callable
        `function(Q) -> (value, gradient)`.
    Q : ndarray of shape (n, p)
        Orthonormal columns to begin with.
    max_iter : int
        Largest length of `objective`.
    tol : float
        Norm of the tangent gradient at which to stop.
    name : str
        Of the progress bar.

    Returns
    -------
    Q : ndarray of shape (n, p)
    objective : list of float
        Values, never increasing, the first before any step.
    converged : bool
    """
    value, gradient = function(Q)
    slope = tangent(Q, gradient)
    size = np.linalg.norm(slope)
    step = _FIRST_ANGLE / size if size > 0 else 1.0
    objective = [value]
    with bar(total=max_iter, desc=name) as progress:
        while size > tol and len(objective) < max_iter:
            progress.update()
            step = min(step, _LONGEST_ANGLE / size)
            moved, moved_value, gradient = _search(function, Q, value, slope, step)
            if moved is None:
                # No step descends: as low as the arithmetic can tell.
                return Q, objective, True
            moved_slope = tangent(moved, gradient)
            turn, change = moved - Q, moved_slope - slope
            curvature = np.sum(turn * change)
            size = np.linalg.norm(moved_slope)
            if curvature > 0:
                step = np.sum(turn**2) / curvature
            elif size > 0:
                step = _LONGEST_ANGLE / size
            Q, value, slope = moved, moved_value, moved_slope
            objective.append(value)
    return Q, objective, bool(size <= tol)


def _search(function, Q, value, slope, step):
    """The first of the steps `step`, `step` / 2, ... that lowers the value enough."""
    square = np.sum(slope**2)
    while step > _SHORTEST_STEP:
        moved = retract(Q - step * slope)
        moved_value, gradient = function(moved)
        if moved_value <= value - _SUFFICIENT * step * square:
            return moved, moved_value, gradient
        step /= 2
    return None, value, slope


def descend_in_batches(function, draw, Q, max_iter, tol, name):
    """Stochastic gradient descent with momentum; the step is an angle, halved on plateaus.

    A first batch is kept apart as the judge: if the value on it has not fallen after 20 further
    batches, the angle is halved, and descent goes on from the best Q so far. It ends when the
    angle is below `tol`.

    Parameters
    ----------
    function : callable
        `function(Q, rows) -> (value, gradient)` on a batch.
    draw : callable
        `draw() -> rows`.
    Q, max_iter, tol, name
        As in `descend`, but `tol` is an angle in radians.

    Returns
    -------
    Q : ndarray of shape (n, p)
        The best for the judging batch.
    objective : list of float
        One value for each batch, before its step.
    converged : bool
    """
    judges = draw()
    best, best_value = Q, function(Q, judges)[0]
    angle, objective = _FIRST_ANGLE, []
    velocity, mean_square, n_seen = np.zeros_like(Q), 0.0, 0
    for _ in bar(range(max_iter), desc=name):
        value, gradient = function(Q, draw())
        objective.append(value)
        slope = tangent(Q, gradient)
        n_seen += 1
        mean_square = _MEMORY * mean_square + (1 - _MEMORY) * np.sum(slope**2)
        size = np.sqrt(mean_square / (1 - _MEMORY**n_seen))
        if size == 0:
            return Q, objective, True
        velocity = _MOMENTUM * tangent(Q, velocity) + (1 - _MOMENTUM) * slope / size
        Q = retract(Q - angle * velocity)
        if len(objective) % _BATCHES_PER_CHECK == 0:
            judged = function(Q, judges)[0]
            if judged < best_value:
                best, best_value = Q, judged
                continue
            angle /= 2
            Q, velocity = best, np.zeros_like(Q)
            if angle < tol:
                return best, objective, True
    judged = function(Q, judges)[0]
    return (Q if judged < best_value else best), objective, False
