// Read by the page of workers: whether it looks again by itself.
var autorefresh = 1;
