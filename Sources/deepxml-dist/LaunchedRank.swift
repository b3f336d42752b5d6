import Foundation

/// Which of a job's processes this is, told from the launcher's environment before MPI is started.
enum LaunchedRank {
    /// The rank in MPI_COMM_WORLD, 0 where no launcher is known. Open MPI and PMIx first: inside a SLURM job,
    /// `mpirun`'s own number is the right one.
    static let current: Int = {
        let environment = ProcessInfo.processInfo.environment
        let names = ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"]
        return names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 0
    }()

    /// Ranks of the job; 1 where no launcher is known.
    static let jobSize: Int = {
        let environment = ProcessInfo.processInfo.environment
        let names = ["OMPI_COMM_WORLD_SIZE", "PMIX_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS"]
        return names.lazy.compactMap { environment[$0].flatMap { Int($0) } }.first ?? 1
    }()
}
