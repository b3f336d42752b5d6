import Config
import Foundation
import Support
import Transport

/// Why learners can't be merged: they are not trained, not to their end, or their predictions are damaged.
struct MissingLearners {
    private let options: TrainOptions

    init(_ options: TrainOptions) { self.options = options }

    /// - Parameter seeds: those without whole predictions.
    /// - Throws: `Failure`: `.damagedCheckpoint` where a file of predictions is there, else `.usage`.
    func check(_ seeds: [UInt64]) throws {
        guard let first = seeds.first else { return }
        let list = seeds.map(String.init).joined(separator: ", ")
        let file = "\(options.resultFolder(seed: first))/\(LearnerResult.fileName)"
        let isThere = FileManager.default.fileExists(atPath: file)
        let hasCheckpoints = FileManager.default.fileExists(atPath: options.modelFolder(seed: first))
        throw Failure(
            isThere ? .damagedCheckpoint : .usage,
            "\(seeds.count == 1 ? "the learner of seed" : "the learners of seeds") \(list) "
                + "\(seeds.count == 1 ? "is" : "are") not trained",
            at: file,
            found: isThere ? "a damaged file" : hasCheckpoints ? "no such file, but checkpoints of a learner" : "no such file",
            expected: "the predictions of a finished learner for each of --seeds",
            advice:
                "train \(seeds.count == 1 ? "it" : "them") first: deepxml-dist train --seeds \(list.replacing(" ", with: "")) "
                + "with the same other options; what is trained already is kept")
    }
}
