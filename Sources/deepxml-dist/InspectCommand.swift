import ArgumentParser
import Foundation
import Support
import Tools

/// `deepxml-dist inspect`: what lies at a path, in a page.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Describe a checkpoint, model, data set, results folder or single file, and check that it is intact.",
        discussion: """
            The kind of file or folder is detected from its content. Without --verify, only names, sizes and headers are \
            checked.

            EXAMPLES
              deepxml-dist inspect models/DeepXML/Astec/EURLex-4K/v_0_22
                  a learner: its checkpoints, their modules, epochs and fingerprints
              deepxml-dist inspect --verify models/DeepXML/Astec/EURLex-4K/v_0_22/ckpt_extreme_20_0
                  one checkpoint: its arrays, with every checksum verified
              deepxml-dist inspect --json data/EURLex-4K
                  a data set, as JSON

            EXIT CODES
              0 no damage found, 2 wrong usage, 3 something is damaged; the output says what
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder (checkpoint, model, data set, results), or an .h5, .npz, .npy or .xcd file.", valueName: "path"),
        completion: .file())
    var path: String

    @Flag(help: "Read every byte and verify every checksum.") var verify = false
    @Flag(help: "Print JSON instead of text.") var json = false

    func run() throws {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let inspection = try Inspector(path: path, verify: verify, threads: threads).inspect()
        try StandardOutput.print(json ? inspection.json : inspection.text)
        if !inspection.damages.isEmpty { throw ExitCode(Failure.Code.damagedCheckpoint.rawValue) }
    }
}
