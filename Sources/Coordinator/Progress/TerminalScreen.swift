import Foundation

/// The terminal behind standard error, where there is one.
///
/// Open MPI puts a pipe between each rank and the terminal, so `isatty` alone would never find one under mpirun; there
/// the standard error of mpirun itself, the parent of a local rank, tells.
struct TerminalScreen: Sendable {
    /// The device.
    let path: String

    static func behindStandardError() -> TerminalScreen? {
        let environment = ProcessInfo.processInfo.environment
        guard environment["TERM"] != "dumb" else { return nil }
        if isatty(STDERR_FILENO) == 1 { return device("/proc/self/fd/2") }
        guard environment["OMPI_COMM_WORLD_RANK"] != nil else { return nil }
        return device("/proc/\(getppid())/fd/2")
    }

    private static func device(_ link: String) -> TerminalScreen? {
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
            path.hasPrefix("/dev/pts/") || path.hasPrefix("/dev/tty")
        else { return nil }
        return TerminalScreen(path: path)
    }

    /// Characters a line; 80 where the terminal doesn't say. Asked anew each time: a person may resize the window.
    var columns: Int {
        let descriptor = open(path, O_RDONLY | O_NOCTTY | O_NONBLOCK)
        guard descriptor >= 0 else { return 80 }
        defer { close(descriptor) }
        var size = winsize()
        return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    }
}
