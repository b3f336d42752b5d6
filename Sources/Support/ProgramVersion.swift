/// Version of the program, as checkpoints record it.
public let programVersion = "0.1.0"
