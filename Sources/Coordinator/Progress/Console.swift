import Foundation
import Support
import Synchronization

/// Standard error of one rank: whole lines, and, on a terminal, live lines that stay at the bottom.
///
/// Everything that a run prints while it works goes through here, so that a log line never ends up inside a live line.
public final class Console: Sendable {
    /// Whether live lines can be shown.
    public let isTerminal: Bool
    private let width: @Sendable () -> Int
    private let write: @Sendable (String) -> Void
    private let live = Mutex<[String]>([])

    /// - Parameters:
    ///   - width: columns of the terminal; longer live lines are cut.
    ///   - write: takes text as it is, control sequences included.
    public init(isTerminal: Bool, width: @escaping @Sendable () -> Int = { 100 }, write: @escaping @Sendable (String) -> Void) {
        self.isTerminal = isTerminal
        self.width = width
        self.write = write
    }

    /// This process's standard error; its live lines reach a terminal also through mpirun.
    public static let standardError: Console = {
        let screen = TerminalScreen.behindStandardError()
        return Console(isTerminal: screen != nil, width: { screen?.columns ?? 80 }, write: StandardError.write)
    }()

    /// Prints a line; live lines move below it.
    public func print(_ line: String) {
        live.withLock { shown in
            write(Self.erase(shown.count) + line + "\n" + shown.map { $0 + "\n" }.joined())
        }
    }

    /// Replaces the live lines. Ignored where there is no terminal.
    public func show(_ lines: [String]) {
        guard isTerminal else { return }
        let columns = max(20, width())
        let cut = lines.map { $0.count < columns ? $0 : $0.prefix(columns - 2) + "…" }
        live.withLock { shown in
            guard cut != shown else { return }
            write(Self.erase(shown.count) + cut.map { $0 + "\n" }.joined())
            shown = cut
        }
    }

    /// Leaves the live lines as they stand: what is printed next goes below them.
    public func settle() { live.withLock { $0 = [] } }

    /// Up so many lines, and clear from there to the end of the screen (ECMA-48 CPL, ED).
    private static func erase(_ lines: Int) -> String { lines == 0 ? "" : "\u{1B}[\(lines)F\u{1B}[J" }
}

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
