import CMPI
import Foundation
import Support

/// How processes are started, and how they share the cores.
struct LaunchChecks {
    let machine: Machine
    private var environment: [String: String] { machine.environment }

    func all() -> [Diagnosis] {
        let start = start()
        return [mpi(), launcher(), start, stop(canStart: start.verdict == .ok), ranks(), binding(), threads()]
    }

    private func mpi() -> Diagnosis {
        var text = [CChar](repeating: 0, count: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1), length: Int32 = 0
        guard MPI_Get_library_version(&text, &length) == 0 else {
            return .fail("MPI", "the library does not answer", "reinstall it: apt-get install libopenmpi-dev openmpi-bin")
        }
        let whole = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = whole.split(separator: ",").first.map(String.init) ?? whole
        return .ok("MPI", name)
    }

    private enum Launcher: String { case mpirun, srun }

    private var startedBy: Launcher? {
        if environment["OMPI_COMM_WORLD_SIZE"] != nil { return .mpirun }
        if environment["SLURM_STEP_NUM_TASKS"] != nil || environment["PMI_SIZE"] != nil { return .srun }
        return nil
    }

    private var jobSize: Int {
        let names = ["OMPI_COMM_WORLD_SIZE", "PMIX_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"]
        return names.lazy.compactMap { machine.number(environment[$0]) }.first ?? 1
    }

    private func launcher() -> Diagnosis {
        if let startedBy { return .ok("launcher", "started by \(startedBy.rawValue), \(jobSize) ranks") }
        if environment["SLURM_JOB_ID"] != nil {
            return .warn(
                "launcher", "inside a SLURM job, but started without srun", "use srun --mpi=pmix deepxml-dist … or mpirun")
        }
        return .ok("launcher", "started alone: one process does all; mpirun -np N deepxml-dist … uses more")
    }

    /// Tries what a job does first: starting a process.
    private func start() -> Diagnosis {
        let subject = "start of processes"
        if startedBy != nil { return .ok(subject, "this process is one of them") }
        guard let mpirun = machine.program("mpirun") else {
            return .fail(subject, "mpirun is not on PATH", "apt-get install openmpi-bin, or module load openmpi")
        }
        let allowed = environment["OMPI_ALLOW_RUN_AS_ROOT"] == "1" && environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] == "1"
        if machine.isRoot && !allowed {
            return .warn(
                subject, "mpirun refuses to run as root",
                "export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 (launch/env does)")
        }
        let trial = Trial.run(mpirun, ["-np", "1", "true"], seconds: 20)
        guard trial.succeeded else {
            return .fail(
                subject, "mpirun -np 1 true: \(trial.ending)",
                "see what mpirun says; between nodes it needs ssh without a password, or srun")
        }
        return .ok(subject, "mpirun -np 1 works")
    }

    /// Tries what SLURM's time limit does: mpirun has to pass SIGUSR1 on to the ranks.
    private func stop(canStart: Bool) -> Diagnosis {
        let subject = "stop of jobs"
        if startedBy != nil { return .ok(subject, "SIGUSR1 to the launcher stops a job with a checkpoint") }
        guard let mpirun = machine.program("mpirun"), canStart else {
            return .ok(subject, "not tried without mpirun")
        }
        // The rank's parent, which may be a daemon of mpirun's, is asked last: it is mpirun on one node.
        let rank = "trap 'exit 7' USR1; kill -USR1 $PPID; for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.2; done; exit 8"
        let trial = Trial.run(mpirun, ["-q", "-np", "1", "sh", "-c", rank], seconds: 20)
        if trial.ending.hasPrefix("exit code 7") {
            return .ok(subject, "mpirun passes SIGUSR1 on: a stopped job writes a checkpoint")
        }
        return .warn(
            subject, "mpirun does not pass SIGUSR1 on to the ranks, as where PoCL is installed",
            "export HWLOC_COMPONENTS=-opencl (launch/env does)")
    }

    private func ranks() -> Diagnosis {
        let local =
            machine.number(environment["OMPI_COMM_WORLD_LOCAL_SIZE"])
            ?? machine.number(environment["SLURM_NTASKS_PER_NODE"]) ?? 1
        let found = "\(local) on this node, \(machine.onlineCores) cores online"
        // Rank 0 only coordinates.
        guard local - 1 > machine.onlineCores else { return .ok("ranks and cores", found) }
        return .warn(
            "ranks and cores", found, "more workers than cores wait for each other: use -np \(machine.onlineCores + 1) or fewer")
    }

    private func binding() -> Diagnosis {
        guard let bound = machine.boundCores else {
            return .warn("thread binding", "the system does not say which cores are ours", "nothing: threads may run anywhere")
        }
        let found = "this process may run on \(bound) of \(machine.onlineCores) cores"
        if bound >= machine.onlineCores || jobSize > 1 && bound * jobSize >= machine.onlineCores && bound > 1 {
            return .ok("thread binding", found)
        }
        return .warn(
            "thread binding", found, "mpirun --bind-to none, or srun --cpu-bind=none, gives each rank's threads all cores")
    }

    private func threads() -> Diagnosis {
        let names = ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GOTO_NUM_THREADS", "OMP_PROC_BIND", "GOMP_CPU_AFFINITY"]
        let set = names.compactMap { name in environment[name].map { "\(name)=\($0)" } }
        if set.isEmpty { return .ok("thread variables", "none set: each rank shares out its cores by itself") }
        let pins = set.filter { $0.hasPrefix("OMP_PROC_BIND") || $0.hasPrefix("GOMP_CPU") }
        if pins.isEmpty { return .ok("thread variables", set.joined(separator: ", ") + " (not needed: see --threads)") }
        return .warn(
            "thread variables", pins.joined(separator: ", "), "unset them: they pin the threads of all ranks to the same cores")
    }
}

/// A short run of another program.
struct Trial {
    var succeeded: Bool
    /// `exit code 1: its last line`, or how else it ended.
    var ending: String
    /// The first line that it printed.
    var output: String

    /// Runs `program`, at most so many seconds.
    static func run(_ program: String, _ arguments: [String], seconds: Double) -> Trial {
        let process = Process(), pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        do { try process.run() } catch { return Trial(succeeded: false, ending: error.localizedDescription, output: "") }
        let waited = Stopwatch()
        while process.isRunning && waited.seconds < seconds { usleep(10_000) }
        if process.isRunning {
            process.terminate()
            return Trial(succeeded: false, ending: "still running after \(Int(seconds)) s", output: "")
        }
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        let words = lines.first { $0.contains { $0.isLetter } } ?? ""
        let ended = process.terminationReason == .exit ? "exit code" : "signal"
        return Trial(
            succeeded: process.terminationReason == .exit && process.terminationStatus == 0,
            ending: "\(ended) \(process.terminationStatus)\(words.isEmpty ? "" : " (\(words))")", output: words)
    }
}
