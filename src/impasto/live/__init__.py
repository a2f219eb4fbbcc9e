"""A camera, painted as it is seen: in a window, on a page, as another camera, into a file."""
