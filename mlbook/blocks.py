"""Working through many rows without holding something large for all of them at once."""


def row_blocks(n_rows, size=4096):
    """Slices that cover `range(n_rows)` in order, at most `size` rows each."""
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
