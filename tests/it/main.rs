//! The tests of the whole: the rules of the house, and what only a running program can show.

mod tidy;
