/// Where in a learner's training a checkpoint was taken; ordered by module, epoch, step.
public struct CheckpointKey: Hashable, Sendable, Comparable, Codable {
    /// `surrogate`, `shortlist`, `extreme`, … : letters, digits, `-` and `_`.
    public var module: String
    /// Place of the module in the order of training.
    public var moduleIndex: Int
    /// Epochs that are done.
    public var epoch: Int
    /// Steps of the module that are done.
    public var step: Int

    public init(module: String, moduleIndex: Int, epoch: Int, step: Int) {
        self.module = module
        self.moduleIndex = moduleIndex
        self.epoch = epoch
        self.step = step
    }

    public static func < (a: Self, b: Self) -> Bool {
        (a.moduleIndex, a.epoch, a.step, a.module) < (b.moduleIndex, b.epoch, b.step, b.module)
    }

    /// `ckpt_<module>_<epoch>_<step>`.
    var folder: CheckpointFolder { CheckpointFolder(module: module, epoch: epoch, step: step) }
}

/// What a checkpoint's folder says by its name; the module's place in the order stands only in the manifest.
struct CheckpointFolder: Hashable {
    var module: String
    var epoch: Int
    var step: Int

    var name: String { "ckpt_\(module)_\(epoch)_\(step)" }

    init(module: String, epoch: Int, step: Int) {
        self.module = module
        self.epoch = epoch
        self.step = step
    }

    /// nil where `name` is none of ours.
    init?(name: String) {
        guard let match = name.wholeMatch(of: /ckpt_(.+)_(\d+)_(\d+)/), let epoch = Int(match.2), let step = Int(match.3)
        else { return nil }
        self.init(module: String(match.1), epoch: epoch, step: step)
    }
}
