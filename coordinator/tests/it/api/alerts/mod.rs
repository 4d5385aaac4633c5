mod reveal;
