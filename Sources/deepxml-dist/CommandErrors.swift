import ArgumentParser
import Diagnostics
import Foundation

/// Ends the process after an error (or a request for help): printed once a job, with the exit codes of DESIGN.md §2.
enum CommandErrors {
    static func exit(_ error: any Error) -> Never {
        if let failure = error as? Failure { exit(failure) }
        if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
        let text = RootCommand.fullMessage(for: error).replacing("Error: ", with: "error: ", maxReplacements: 1)
        let wanted = RootCommand.exitCode(for: error).isSuccess
        // All ranks parse the same words, so rank 0 speaks for them.
        if LaunchedRank.current == 0, !text.isEmpty { write(text, to: wanted ? .standardOutput : .standardError) }
        Foundation.exit(wanted ? 0 : Failure.Code.usage.rawValue)
    }

    /// A file may be missing on one node only, so every rank may speak; the others wait, since the launcher ends them
    /// when rank 0 has met the same failure.
    private static func exit(_ failure: Failure) -> Never {
        if LaunchedRank.current == 0 {
            write("error: \(failure)", to: .standardError)
        } else {
            Thread.sleep(forTimeInterval: 3)
            write("error: rank \(LaunchedRank.current) on \(ProcessInfo.processInfo.hostName): \(failure)", to: .standardError)
        }
        Foundation.exit(failure.code.rawValue)
    }

    /// Prints what ended this rank.
    static func say(_ error: any Error) {
        write("error: \(error)", to: .standardError)
    }

    private static func write(_ text: String, to file: FileHandle) {
        file.write(Data((text.hasSuffix("\n") ? text : text + "\n").utf8))
    }
}
