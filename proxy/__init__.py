"""The API: views, dispatch, the stream relay."""
