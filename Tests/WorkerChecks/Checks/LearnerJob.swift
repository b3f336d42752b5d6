import Config
import Coordinator
import Foundation
import Learners
import Support
import Synchronization
import Transport
import Worker

/// One whole learner on a small data set: all modules of its framework, checkpoints and predictions, through the ranks' real
/// entry points.
public struct LearnerJob: Sendable {
    public var options: TrainOptions
    /// Where the log goes, where the options are not quiet.
    public var console = Console.standardError
    public static let seed: UInt64 = 108
    private static let dataset = "Sample"

    /// Options for a job under `folder`, which is made, with its data set, where it isn't there.
    ///
    /// - Parameter settings: config keys beside those of a small network, as for `--set`.
    public init(
        folder: String, data: SampleData, framework: FrameworkName = .deepXML, arch: SampleArch = .astec, settings: [String] = []
    ) throws {
        let dataFolder = "\(folder)/data/\(Self.dataset)"
        if !FileManager.default.fileExists(atPath: dataFolder) { try data.write(to: dataFolder) }
        let config = "\(folder)/config.json"
        try Self.config(framework).write(toFile: config, atomically: true, encoding: .utf8)
        var arguments = TrainArguments()
        arguments.work = folder
        arguments.data = "\(folder)/data"
        arguments.dataset = Self.dataset
        arguments.seeds = "\(Self.seed)"
        arguments.config = config
        arguments.framework = framework.rawValue
        arguments.settings = Self.settings(framework) + data.settings + settings
        if let json = arch.json {
            arguments.arch = "\(folder)/\(arch.rawValue).json"
            try json.write(toFile: arguments.arch!, atomically: true, encoding: .utf8)
        }
        arguments.checkpointEvery = 0
        arguments.checkpointMinutes = 0
        arguments.quiet = true
        arguments.threads = 1
        // Heartbeats come when they come: tests count messages.
        arguments.silenceTimeout = 0
        options = try TrainOptions.resolve(arguments, workingDirectory: folder, executable: folder)
    }

    /// The same job with results and checkpoints in another folder.
    public func moved(to work: String, threads: Int = 1) -> LearnerJob {
        var job = self
        job.options.work = work
        job.options.threads = threads
        return job
    }

    /// What another framework has instead of the config's.
    private static func settings(_ framework: FrameworkName) -> [String] {
        let start = ["extreme.init=random", "extreme.freeze_intermediate=false"]
        switch framework {
        case .ova: return start + ["extreme.model_method=full"]
        case .anns: return start
        default: return []
        }
    }

    private static func config(_ framework: FrameworkName) -> String {
        switch framework {
        case .slice: sliceConfig
        case .dismec, .sparseSlice: linearConfig
        default: config
        }
    }

    private static let sliceConfig = """
        {"global": {"embedding_dims": 16, "top_k": 20},
         "slice": {"embeddings": "embeddings.npy", "num_nbrs": 40, "M": 8, "efC": 40, "efS": 40, "tolerance": 0.05}}
        """

    /// Twenty steps an epoch at 640 documents. With a re-ranker in all frameworks.
    private static let config = """
        {"global": {"embedding_dims": 20, "surrogate_threshold": 512, "top_k": 20, "beta": 0.4},
         "surrogate": {"num_epochs": 2, "batch_size": 32, "optim": "Adam", "learning_rate": 0.01, "dlr_step": 1, "init": "random"},
         "extreme": {"num_epochs": 2, "batch_size": 32, "optim": "Adam", "learning_rate": 0.007, "init": "intermediate",
           "freeze_intermediate": true, "use_intermediate_for_shorty": true, "model_method": "shortlist", "shortlist_method": "hybrid", "ns_method": "ensemble",
           "num_nbrs": 40, "efS": 30, "max_positives": 3, "random_negatives": 30, "beta": 0.5},
         "reranker": {"num_epochs": 2, "batch_size": 32, "optim": "Adam", "learning_rate": 0.005, "init": "random", "model_method": "reranker",
           "freeze_intermediate": false, "shortlist_method": "static", "num_nbrs": 20, "keep_invalid": true, "beta": 0.6}}
        """

    private static let linearConfig = #"{"global": {"top_k": 20}}"#

    /// This rank's part of the job: rank 0 coordinates, the others work.
    ///
    /// - Parameter stop: the moment at which this rank is asked to stop; nil: never.
    /// - Returns: the job's exit code at rank 0; 0 elsewhere.
    public func run(over world: any Communicator, stop moment: StopMoment? = nil) throws -> Int32 {
        let flag = StopFlag()
        let world: any Communicator = StoppingCommunicator(world, moment, flag)
        if world.rank == 0 {
            return try CoordinatorMain(world: world, ranks: world.size, options: options, stop: flag, console: console).run()
        }
        _ = try WorkerRank.run(world: world, ranks: world.size, options: options, stop: flag)
        return 0
    }

    /// The job with `workers` workers as threads of this process.
    public func run(workers: Int, stop moment: StopMoment? = nil) throws -> Int32 {
        let code = Mutex<Int32>(-1)
        try ThreadCommunicator.run(size: workers + 1) { world in
            let own = try run(over: world, stop: moment)
            if world.rank == 0 { code.withLock { $0 = own } }
        }
        return code.withLock { $0 }
    }

    /// Runs the job again and again, each time with the next of `workers` (from the first again after the last), until it
    /// is done.
    ///
    /// - Returns: how often it was stopped before.
    public func runToTheEnd(workers: [Int], stop moment: StopMoment) throws -> Int {
        for attempt in 0..<100 {
            let code = try run(workers: workers[attempt % workers.count], stop: moment)
            if code == 0 { return attempt }
            guard code == Failure.Code.interrupted.rawValue else { throw UnexpectedExit(code: code) }
        }
        throw UnexpectedExit(code: Failure.Code.interrupted.rawValue)
    }
}

/// A job that ended with another code than 0 or 75, or that never ended.
struct UnexpectedExit: Error {
    var code: Int32
}
