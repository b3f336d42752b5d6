import Config
import Datasets
import Devices
import Formats
import Foundation
import Learners
import Messages
import Support
import Transport

/// Ranks 1 … n−1: wait for the plan, then work in their group, or end where none needs them.
public enum WorkerRank {
    /// - Returns: the exit code that the coordinator gave where the run ended before it began.
    public static func run(world: any Communicator, ranks: Int, options: TrainOptions, stop: StopFlag) throws -> Int32? {
        try NodeCensus.take(world, ranks: ranks, gpus: GPUs.visible(options.device, fastMath: options.fastMath))
        let bytes = try world.broadcastBytes(nil)
        let assignment = try JSONDecoder().decode(Assignment.self, from: Data(bytes))
        if let code = assignment.exitCode { return code }
        let index = assignment.group(of: world.rank)
        guard let group = try world.split(color: index, key: world.rank), let index else { return nil }
        let data = try openData(assignment.cacheFile)
        let dims = options.config.global.embeddingDims
        let embeddings = try assignment.embeddings.mapValues {
            try NPY.readFloatMatrix(path: $0, rows: data.vocabularySize, cols: dims)
        }
        let settings = RunSettings(options: options, data: data, embeddings: embeddings) { seed in
            options.identity(seed: seed, data: data, embeddingsFingerprint: assignment.embeddingsFingerprint)
        }
        try WorkerMain(
            world: world, group: group, groupIndex: index, threads: assignment.threads[world.rank],
            device: assignment.devices[world.rank] ?? .cpu, settings: settings, stop: stop
        ).run()
        return nil
    }

    /// - Throws: `Failure(.usage)` where this host has another file system at the work folder than rank 0.
    private static func openData(_ cacheFile: String) throws -> XCDataset {
        guard FileManager.default.fileExists(atPath: cacheFile) else {
            throw Failure(
                .usage, "this host does not see the work folder of rank 0", at: cacheFile, found: "no such file",
                expected: "the data set's cache, which rank 0 has just written or checked",
                advice: "point --work at a file system that all hosts see")
        }
        return try XCDataset.map(cacheFile: cacheFile)
    }
}
