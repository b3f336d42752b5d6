import ArgumentParser
import Foundation
import Support
import Tools

/// `deepxml-dist inspect`: what lies at a path, in a page.
struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Describe a checkpoint, a model, a data set, results or one file, and check that it is whole.",
        discussion: """
            What it is, is told from its content. Without --verify only names, sizes and headers are looked at.

            EXAMPLES
              deepxml-dist inspect models/DeepXML/Astec/EURLex-4K/v_0_22
                  a learner: its checkpoints, their modules, epochs and fingerprints
              deepxml-dist inspect --verify models/DeepXML/Astec/EURLex-4K/v_0_22/ckpt_extreme_20_0
                  one checkpoint: its arrays, every checksum compared
              deepxml-dist inspect --json data/EURLex-4K
                  a data set, for a program to read

            EXIT CODES
              0 no damage, 2 wrong use, 3 something is damaged: it is named
            """)

    @Argument(
        help: ArgumentHelp(
            "A folder (checkpoint, model, data set, results), or an .h5, .npz, .npy or .xcd file.", valueName: "path"))
    var path: String

    @Flag(help: "Read every byte and compare every checksum.") var verify = false
    @Flag(help: "Print JSON instead of a page.") var json = false

    func run() throws {
        let threads = ProcessInfo.processInfo.activeProcessorCount
        let inspection = try Inspector(path: path, verify: verify, threads: threads).inspect()
        print(json ? inspection.json : inspection.text)
        if !inspection.damages.isEmpty { throw ExitCode(Failure.Code.damagedCheckpoint.rawValue) }
    }
}
