import ArgumentParser
import Foundation
import Support

/// Ends the process after an error (or a request for help): printed once a job, with the exit codes of DESIGN.md §2.
enum CommandErrors {
    /// Swift mends what is not UTF-8: a path would then be another one, where results would go without a word.
    static func checkArguments() throws {
        for (i, argument) in CommandLine.arguments.enumerated().dropFirst() {
            guard let bytes = CommandLine.unsafeArgv[i], String(validatingCString: bytes) == nil else { continue }
            throw Failure(
                .usage, "an argument is not UTF-8", at: "argument \(i)", found: argument, expected: "UTF-8",
                advice: "rename the file or folder, or go there by cd and name it by a relative path")
        }
    }

    static func exit(_ error: any Error) -> Never {
        if let failure = error as? Failure { exit(failure) }
        if let code = error as? ExitCode { Foundation.exit(code.rawValue) }
        let text = RootCommand.fullMessage(for: error).replacing("Error: ", with: "error: ", maxReplacements: 1)
        let wanted = RootCommand.exitCode(for: error).isSuccess
        // All ranks parse the same words, so rank 0 speaks for them.
        if LaunchedRank.current == 0, !text.isEmpty {
            if wanted { printHelp(text) } else { StandardError.write(ended(text)) }
        }
        if !wanted { letRankZeroSpeakFirst() }
        Foundation.exit(wanted ? 0 : Failure.Code.usage.rawValue)
    }

    /// A file may be missing on one node only, so every rank may speak, rank 0 first.
    private static func exit(_ failure: Failure) -> Never {
        letRankZeroSpeakFirst()
        if LaunchedRank.current == 0 {
            StandardError.print("error: \(failure)")
            if let folder = getcwd(nil, 0) {
                free(folder)
            } else {
                StandardError.print("  note:       the folder in which the command runs is gone: relative paths lead nowhere")
            }
        } else {
            StandardError.print("error: rank \(LaunchedRank.current) on \(ProcessInfo.processInfo.hostName): \(failure)")
        }
        Foundation.exit(failure.code.rawValue)
    }

    /// Waits in all ranks but 0: a launcher ends a job with the first rank that fails, and rank 0, which has most likely
    /// met the same, must have said so by then.
    private static func letRankZeroSpeakFirst() {
        if LaunchedRank.current != 0 { Thread.sleep(forTimeInterval: 3) }
    }

    /// Prints what ended this rank.
    static func say(_ error: any Error) { StandardError.print("error: \(error)") }

    private static func printHelp(_ text: String) {
        do { try StandardOutput.print(ended(text), terminator: "") } catch {
            say(error)
            Foundation.exit((error as? Failure)?.code.rawValue ?? Failure.Code.outOfResources.rawValue)
        }
    }

    private static func ended(_ text: String) -> String { text.hasSuffix("\n") ? text : text + "\n" }
}
