/// Thrown through the training loop once the checkpoint is written.
package struct Interrupted: Error {}

/// Thrown by all of a group where a loss of one is no number: what is trained since the last checkpoint is worth nothing.
package struct Diverged: Error {}
