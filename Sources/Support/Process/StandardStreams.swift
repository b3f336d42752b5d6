import Glibc

/// The three streams that a process is given, which may be closed, full, or a pipe that nobody reads any more.
public enum StandardStreams {
    /// To be called before anything is opened.
    ///
    /// Of a closed stream, the number would go to the next file that is opened, and messages into it: a descriptor that refuses
    /// takes its place. A pipe without a reader becomes an error instead of a signal, which would end a run for want of its log.
    public static func prepare() {
        signal(SIGPIPE, SIG_IGN)
        // A file beyond `ulimit -f` becomes an error, too.
        signal(SIGXFSZ, SIG_IGN)
        // Opened the wrong way round: what is tried on them is refused, not lost.
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", mode)
        }
    }
}

/// What a command has to say: each text goes out at once, and whole.
public enum StandardOutput {
    /// How messages call it.
    public static let name = "standard output"

    /// Prints a text and what ends it.
    ///
    /// - Throws: `Failure` where standard output is closed or full. A pipe whose reader has gone (`| head`) ends the process
    ///   by SIGPIPE, as it ends any other program.
    public static func print(_ text: some CustomStringConvertible, terminator: String = "\n") throws {
        try Array("\(text)\(terminator)".utf8).withUnsafeBytes { try writeAll($0, to: STDOUT_FILENO, name) }
    }

    /// To be called when all is printed: a network file system may tell of a full disk only when a file is closed.
    ///
    /// - Throws: `Failure` where something was lost.
    public static func finish() throws {
        let copy = dup(STDOUT_FILENO)
        if copy >= 0, close(copy) != 0 { throw failure(errno) }
    }

    static func failure(_ error: Int32) -> Failure {
        if error == EPIPE {
            signal(SIGPIPE, SIG_DFL)
            raise(SIGPIPE)
        }
        let isClosed = error == EBADF
        return Failure(
            isClosed ? .usage : .outOfResources, "nothing can be written", at: name,
            found: isClosed ? "it is closed" : String(cString: strerror(error)),
            expected: "a file with room on its disk, a pipe or a terminal",
            advice: isClosed ? "give it a place to go: > FILE, or > /dev/null" : "make room, then give the same command again")
    }
}

/// Messages beside what a command has to say. They are dropped where nobody can hear them: no command fails for that.
public enum StandardError {
    public static func print(_ text: some CustomStringConvertible) { write("\(text)\n") }

    /// The text as it is.
    public static func write(_ text: String) {
        // One call a text, so that lines of several ranks don't mix.
        Array(text.utf8).withUnsafeBytes { try? writeAll($0, to: STDERR_FILENO, "standard error") }
    }
}
