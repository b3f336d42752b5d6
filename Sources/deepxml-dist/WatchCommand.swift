import ArgumentParser
import Support
import Tools

/// `deepxml-dist watch`: a run from another terminal.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Follow a running job from another terminal or host, by its files.",
        discussion: """
            Prints the events of a run's learners so far, then new ones as they come, and ends when no job works on the run any \
            more, with the job's exit code. It reads events.jsonl in the learners' folders of results and asks run.lock whether \
            the job lives, so that it works wherever the results can be seen.

            EXAMPLES
              deepxml-dist watch results/DeepXML/Astec/EURLex-4K/v_0
                  all learners of the run
              deepxml-dist watch results/DeepXML/Astec/EURLex-4K/v_0_22 --json | jq .loss
                  one learner's events, a JSON object a line

            EXIT CODES
              0 the job ended well; 2 no run there; else the job's own: 3, 4, or 75 where it was interrupted or is gone
            """)

    @Argument(
        help: ArgumentHelp("Folder of results: results/<framework>/<arch>/<dataset>/v_<version>.", valueName: "results"),
        completion: .directory)
    var folder: String
    @Flag(help: "Print each event as a line of JSON.") var json = false

    func validate() throws { try OptionRanges.check(paths: ["the folder of results": folder]) }

    func run() throws {
        var watch = RunWatch(folder: folder)
        // Each line is out before the next look.
        let code = try watch.run { event in
            try StandardOutput.print(json ? event.line : event.text)
        }
        if code != 0 { throw ExitCode(code) }
    }
}
