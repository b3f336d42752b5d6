import Config
import Coordinator
import Foundation
import Learners
import Messages
import Prepare
import Support
import Synchronization
import Transport
import Worker

/// Starts this process as a rank of the job: under a launcher over MPI, alone as two threads.
enum Launcher {
    /// - Throws: `Failure` for what is wrong with the arguments, or with the run of a process alone.
    ///
    /// - Returns: the options that it was run with.
    @discardableResult static func train(_ arguments: TrainArguments) throws -> TrainOptions {
        let options = try TrainOptions.resolve(
            arguments, workingDirectory: FileManager.default.currentDirectoryPath, executable: executablePath)
        try train(options)
        return options
    }

    static var executablePath: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }

    private static func train(_ options: TrainOptions) throws {
        let stop = StopFlag(), sources = stop.watchSignals()
        defer { withExtendedLifetime(sources) {} }
        let code = LaunchedRank.jobSize > 1 ? try overMPI(options, stop) : try alone(options, stop)
        if code != 0 { Foundation.exit(code) }
    }

    private static func overMPI(_ options: TrainOptions, _ stop: StopFlag) throws -> Int32 {
        let world = try MPICommunicator.start(computes: { rank, size in rank > 0 || size == 1 })
        let heartbeat = options.silenceSeconds.map { silence in
            // Checkpoints are whole at any moment, and a coordinator that can't be reached can't say it.
            Heartbeat(world: world, silence: silence) { failure in
                CommandErrors.say(failure)
                world.abort(code: failure.code.rawValue)
            }
        }
        var code: Int32 = 0
        do { code = try run(world, ranks: world.size, options, stop) } catch let ended as EndedBeforeStart {
            CommandErrors.say(ended.failure)
            code = ended.failure.code.rawValue
        } catch {
            end(world, with: error as? RankFailure ?? RankFailure(error, rank: world.rank, host: world.host))
        }
        // The coordinator may write results for long after the last worker is done: it is watched until then.
        try world.barrier()
        heartbeat?.stop()
        try world.finish()
        return code
    }

    /// Ends the job with its error said once. Several ranks may meet a full disk at the same time, so workers leave the word
    /// to the coordinator, and speak themselves only where it is no longer listening.
    private static func end(_ world: any Communicator, with failure: RankFailure) -> Never {
        if world.rank > 0, (try? world.report(.failed(failure))) != nil {
            let time = Stopwatch()
            // Looking for messages is what moves ours along.
            while time.seconds < 4 {
                _ = try? world.poll(from: 0, tag: MessageTag.command)
                usleep(5000)
            }
        }
        CommandErrors.say(failure)
        world.abort(code: failure.code)
    }

    private static func alone(_ options: TrainOptions, _ stop: StopFlag) throws -> Int32 {
        let code = Mutex<Int32>(0)
        do {
            try ThreadCommunicator.run(size: 2) { world in
                let own = try run(world, ranks: 1, options, stop)
                if world.rank == 0 { code.withLock { $0 = own } }
            }
        } catch let ended as EndedBeforeStart { throw ended.failure }
        return code.withLock { $0 }
    }

    private static func run(_ world: any Communicator, ranks: Int, _ options: TrainOptions, _ stop: StopFlag) throws -> Int32 {
        if options.usesDemoData && !options.dryRun { try prepareDemo(world, options) }
        if world.rank == 0 {
            return try CoordinatorMain(world: world, ranks: ranks, options: options, stop: stop).run()
        }
        return try WorkerRank.run(world: world, ranks: ranks, options: options, stop: stop) ?? 0
    }

    /// The demo's data set, made by rank 0 where it isn't there, while the others wait.
    private static func prepareDemo(_ world: any Communicator, _ options: TrainOptions) throws {
        if world.rank == 0, !FileManager.default.fileExists(atPath: options.datasetFolder) {
            let progress = CommandProgress("preparing", quiet: options.quiet)
            progress.note("\(options.datasetFolder) isn't there yet: preparing the demo's data set")
            _ = try progress.shown { try DemoData.prepare(into: options.data, name: options.dataset, log: progress.note) }
        }
        try world.barrier()
    }
}
