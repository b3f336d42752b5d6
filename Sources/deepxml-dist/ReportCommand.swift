import ArgumentParser
import Support
import Tools

/// `deepxml-dist report`: the pages of runs, made anew, or one page of several runs.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Make a run's report.html from its results, or compare several runs on one page.",
        discussion: """
            `train` and `merge` write report.html beside metrics.json; this command makes it anew from metrics.json, report.json \
            and the learners' events.jsonl, also after files were moved to another machine. The page is one file that needs no \
            network and no script. docs/REPORTS.md describes it.

            EXAMPLES
              deepxml-dist report results/DeepXML/Astec/EURLex-4K/v_0
                  writes report.html there
              deepxml-dist report results/DeepXML/Astec/EURLex-4K/v_0 results/SparseSlice/Linear/EURLex-4K/v_0 --compare
                  writes comparison.html: metrics with intervals, loss, time, and where the configs differ
              deepxml-dist report results/DeepXML/Astec/EURLex-4K/v_0 --json
                  prints all that the page shows

            EXIT CODES
              0 done, 2 wrong usage, or no results there, 4 out of disk space
            """)

    @Argument(
        help: ArgumentHelp("Folders of results: results/<framework>/<arch>/<dataset>/v_<version>.", valueName: "results"),
        completion: .directory)
    var folders: [String]
    @Flag(help: "Several runs side by side on one page.") var compare = false
    @Option(
        help: ArgumentHelp(
            "File to write. (default: report.html in each folder; with --compare ./comparison.html)", valueName: "file"),
        completion: .file())
    var to: String?
    @Flag(help: "Print what the pages show as JSON, and write none.") var json = false

    func validate() throws {
        try OptionRanges.check(paths: ["--to": to])
        if json, to != nil { throw ValidationError("--json prints, and writes no page: leave --to out") }
        for folder in folders { try OptionRanges.check(paths: ["a folder of results": folder]) }
    }

    func run() throws {
        var reports = RunReports(folders: folders)
        reports.compares = compare
        reports.output = to
        if json { return try StandardOutput.print(try reports.json(), terminator: "") }
        for path in try reports.write() { try StandardOutput.print(path) }
    }
}
