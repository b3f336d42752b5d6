import Formats
import Foundation
import Support

/// Events as TensorBoard's event files: one folder a learner, a new file a job, scalars over epochs.
public final class TensorBoardLog {
    private let folder: String
    private let run: String
    private let process: String
    private var files: [Int: AppendedFile] = [:]

    /// - Parameters:
    ///   - folder: what `tensorboard --logdir` is given; made where it is missing.
    ///   - run: first part of the learners' folders; the seed follows.
    ///   - process: end of the files' names, different for each job.
    /// - Throws: `Failure` where the folder can't be made.
    public init(folder: String, run: String, process: String = "\(ProcessInfo.processInfo.hostName).\(getpid())") throws {
        (self.folder, self.run, self.process) = (folder, run, process)
        try makeFolder(folder)
    }

    /// - Throws: `Failure` where the file cannot be written.
    public func write(_ event: TrainingEvent) throws {
        let scalars = Self.scalars(event)
        guard !scalars.isEmpty, let time = event.seconds1970 else { return }
        let file = try files[event.learner] ?? newFile(event.learner, time)
        files[event.learner] = file
        try file.append(ScalarRecord.scalars(scalars, step: event.epoch ?? 0, wallTime: time))
    }

    private func newFile(_ learner: Int, _ time: Double) throws -> AppendedFile {
        let own = "\(folder)/\(run)_\(learner)", seconds = Int(time)
        try makeFolder(own)
        let digits = String(repeating: "0", count: max(0, 10 - String(seconds).count)) + String(seconds)
        let file = try AppendedFile(path: "\(own)/events.out.tfevents.\(digits).\(process)", anew: true)
        try file.append(ScalarRecord.version(wallTime: time))
        return file
    }

    /// Tags and values: `extreme/loss`; a tag's first part becomes a group of charts.
    static func scalars(_ event: TrainingEvent) -> [(tag: String, value: Float)] {
        var scalars: [(String, Double?)] = []
        if let module = event.module {
            scalars = [
                ("loss", event.loss), ("learning_rate", event.learningRate), ("docs_per_second", event.docsPerSecond),
                ("seconds", event.seconds), ("waited_seconds", event.waitedSeconds), ("resident_mib", event.residentMiB),
            ].map { ("\(module)/\($0)", $1) }
            if event.event == .part, let done = event.epoch, let all = event.epochs, all > 0 {
                scalars.append(("\(module)/done", Double(done) / Double(all)))
            }
            scalars += (event.validation ?? [:]).sorted { $0.key < $1.key }.map { ("\(module)/validation/\($0)", $1) }
        }
        for (module, seconds) in (event.moduleSeconds ?? [:]).sorted(by: { $0.key < $1.key }) {
            scalars.append(("rank_\(event.rank)/\(module)_seconds", seconds))
        }
        scalars.append(("rank_\(event.rank)/peak_mib", event.peakMiB))
        for (name, values) in (event.metrics ?? [:]).sorted(by: { $0.key < $1.key }) {
            scalars += values.enumerated().map { ("metrics/\(name)@\($0 + 1)", $1) }
        }
        return scalars.compactMap { tag, value in value.map { (tag, Float($0)) } }
    }
}
