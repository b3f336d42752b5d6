import ArgumentParser
import Foundation
import Support
import Tools
import Transport

/// `deepxml-dist doctor`: what on this machine would stop a job, or slow it down.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check that this machine can run jobs: MPI, threads, BLAS, memory, disk, file locks.",
        discussion: """
            Prints one line per check: ok, warn (training works, but more slowly or less safely) or FAIL (training would not \
            work), each with advice on what to do about it. Run it on every kind of node, in the same way as your jobs.

            EXAMPLES
              deepxml-dist doctor --work /scratch/run
                  check this machine, and that checkpoints can be written to /scratch/run
              srun -n 1 deepxml-dist doctor
                  check a compute node of a cluster

            EXIT CODES
              0 no check failed, 2 wrong usage, 4 at least one check failed
            """)

    @Option(help: ArgumentHelp("Folder that holds models/ and results/.", valueName: "dir"), completion: .directory)
    var work = "."
    @Flag(help: "Print JSON instead of text.") var json = false

    func validate() throws { try OptionRanges.check(paths: ["--work": work]) }

    func run() throws {
        // All ranks of a node would say the same.
        guard LaunchedRank.current == 0 else { return }
        let diagnoses = Doctor(work: work).examine()
        try StandardOutput.print(json ? Doctor.json(diagnoses) : Doctor.report(diagnoses))
        if diagnoses.contains(where: { $0.verdict == .fail }) { throw ExitCode(Failure.Code.outOfResources.rawValue) }
    }
}
