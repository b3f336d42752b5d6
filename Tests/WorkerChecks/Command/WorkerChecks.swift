import Foundation
import Support
import Transport
import WorkerChecks

/// `mpirun -np n worker-checks FOLDER`: a learner on n − 1 worker processes leaves the same bits as on one worker thread;
/// also where the processes are stopped and started again. Tests/mpi/modules.sh runs it.
///
/// `worker-checks FOLDER DOCUMENTS LABELS SCORES`: what rank 0 needs to merge, measure and write so many scores a document,
/// without and with a re-ranker, one job a process; a data set is made in FOLDER where none is.
@main struct WorkerChecksCommand {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
        if numbers.count == 3 {
            do { try coordinator(CommandLine.arguments[1], documents: numbers[0], labels: numbers[1], scores: numbers[2]) } catch
            {
                FileHandle.standardError.write(Data("\(error)\n".utf8))
                exit(1)
            }
            exit(0)
        }
        guard CommandLine.arguments.count == 2 else {
            print("usage: mpirun -np RANKS worker-checks FOLDER (empty, or not there yet)")
            exit(2)
        }
        do {
            let world = try MPICommunicator.start(computes: { rank, _ in rank > 0 })
            do {
                let same = try check(world, folder: CommandLine.arguments[1])
                try world.finish()
                exit(same ? 0 : 1)
            } catch {
                FileHandle.standardError.write(Data("rank \(world.rank): \(error)\n".utf8))
                world.abort(code: (error as? Failure)?.code.rawValue ?? 1)
            }
        } catch {
            FileHandle.standardError.write(Data("MPI did not start: \(error)\n".utf8))
            exit(1)
        }
    }

    /// One job as two threads: what the second makes up, the first merges. Memory and time from the first block on.
    private static func coordinator(_ folder: String, documents: Int, labels: Int, scores: Int) throws {
        if !FileManager.default.fileExists(atPath: "\(folder)/data") {
            try MadeScores.writeData(folder: folder, testDocuments: documents, labels: labels, perDocument: 36)
        }
        let job = try LearnerJob(folder: folder, data: SampleData(), settings: ["global.top_k=\(scores)"])
        var made = MadeScores(job: job)
        made.job.options.predictions = [.npz, .h5]
        (made.scoresADocument, made.isReranked) = (scores, true)
        made.onStart = {
            print("read: \(memory("VmHWM")) MiB at most, \(memory("RssAnon")) MiB of them its own now")
            try? "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .utf8)
        }
        let time = Stopwatch()
        guard try made.run(workers: 1) == 0 else { throw UnexpectedCode(code: 1) }
        print("scores: \(memory("VmHWM")) MiB at most, \(memory("RssFile")) MiB of them mapped files; \(time.seconds) s")
    }

    /// A figure of this process as Linux has it, in MiB.
    private static func memory(_ name: String) -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(name):") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) / 1024
    }

    /// - Returns: at rank 0, whether all were the same; elsewhere true.
    private static func check(_ world: MPICommunicator, folder: String) throws -> Bool {
        var same = true
        for (name, make) in cases {
            let place = "\(folder)/\(name)"
            // Rank 0 writes the data set; the others find it.
            if world.rank == 0 { _ = try make(place) }
            try world.barrier()
            let job = try make(place)
            let straight = job.moved(to: "\(place)/straight-\(world.size)")
            let resumed = job.moved(to: "\(place)/resumed-\(world.size)")
            _ = try straight.run(over: ranksOfOneJob(world))
            try world.barrier()
            let stops = try runToTheEnd(resumed, over: world)
            guard world.rank == 0 else { continue }
            let alone = job.moved(to: "\(place)/alone")
            _ = try alone.run(workers: 1)
            let expected = try LearnerOutcome(of: alone)
            for (kind, found) in [("straight", straight), ("stopped \(stops)×", resumed)] {
                let outcome = try LearnerOutcome(of: found)
                let differences = outcome.differences(from: expected)
                print("outcome \(name), \(world.size - 1) workers, \(kind): \(outcome.digest), of one thread: \(expected.digest)")
                for line in differences { print("  differs: \(line)") }
                same = same && differences.isEmpty && !outcome.arrays.isEmpty
            }
        }
        return same
    }

    private static let cases: [(name: String, make: @Sendable (_ folder: String) throws -> LearnerJob)] = [
        ("many-labels", { try LearnerJob(folder: $0, data: SampleData()) }),
        (
            "few-labels",
            {
                try LearnerJob(
                    folder: $0, data: SampleData(labels: 3),
                    settings: ["global.embedding_dims=4", "global.surrogate_threshold=2"])
            }
        ),
        small("gru", SmallCase(.deepXML, .gru)), small("ova-xmlcnn", SmallCase(.ova, .xmlcnn)),
        small("anns-lstm", SmallCase(.anns, .lstm, "extreme.num_epochs=3", "extreme.retrain_hnsw_after=2")),
        small("dense", SmallCase(.anns, .mlp, "extreme.use_intermediate_for_shorty=false")),
    ]

    private static func small(_ name: String, _ small: SmallCase) -> (String, @Sendable (String) throws -> LearnerJob) {
        (name, { try LearnerJob(folder: $0, small) })
    }

    /// The ranks of one job: a message that a job leaves unread (a stop to a leader that has stopped) is lost with it, as
    /// when its processes end.
    private static func ranksOfOneJob(_ world: any Communicator) throws -> any Communicator {
        try world.split(color: 0, key: world.rank) ?? world
    }

    private static func runToTheEnd(_ job: LearnerJob, over world: any Communicator) throws -> Int {
        for stops in 0..<100 {
            let code = try job.run(over: ranksOfOneJob(world), stop: .look(4))
            let all = try world.broadcastBytes(world.rank == 0 ? [UInt8(truncatingIfNeeded: code)] : nil)
            if all[0] == 0 { return stops }
            if all[0] != 75 { throw UnexpectedCode(code: all[0]) }
        }
        throw UnexpectedCode(code: 75)
    }
}

/// A job that ended with another code than 0 or 75, or that never ended.
private struct UnexpectedCode: Error {
    var code: UInt8
}
