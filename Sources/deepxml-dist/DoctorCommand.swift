import ArgumentParser
import Foundation
import Support
import Tools
import Transport

/// `deepxml-dist doctor`: what on this machine would stop a job, or slow it down.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check the machine: MPI, threads, BLAS, memory, disk, file locks; say what to do.",
        discussion: """
            One line a check: ok, warn (training works, but slower or less safely) or FAIL (it would not work), each with what \
            to do about it. Run it on every kind of node, in the way that jobs are run there.

            EXAMPLES
              deepxml-dist doctor --work /scratch/run
                  checks this machine, and that checkpoints can be written to /scratch/run
              srun -n 1 deepxml-dist doctor
                  checks a compute node of a cluster

            EXIT CODES
              0 ok or warnings only, 2 wrong use, 4 something FAILs
            """)

    @Option(help: ArgumentHelp("Root of models/ and results/.", valueName: "dir")) var work = "."

    func run() throws {
        // All ranks of a node would say the same.
        guard LaunchedRank.current == 0 else { return }
        let diagnoses = Doctor(work: work).examine()
        print(Doctor.report(diagnoses))
        if diagnoses.contains(where: { $0.verdict == .fail }) { throw ExitCode(Failure.Code.outOfResources.rawValue) }
    }
}
