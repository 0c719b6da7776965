//! The Bowline server: everything that listens, stores or waits.
