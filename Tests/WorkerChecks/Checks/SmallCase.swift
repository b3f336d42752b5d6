import Config
import Learners

/// A learner of any framework and encoder that trains in a blink: 256 labels in four virtual shards, and nine steps an epoch,
/// of which the last has another size.
public struct SmallCase: Sendable, CustomStringConvertible {
    public var framework: FrameworkName
    public var arch: SampleArch
    /// Config keys beside those of a small network.
    public var settings: [String]
    public var data: SampleData
    public var description: String { ([framework.rawValue, arch.rawValue] + settings).joined(separator: " ") }

    /// - Parameter settings: as for `--set`; `all.key=value` stands for the three modules' sections.
    public init(_ framework: FrameworkName, _ arch: SampleArch = .astec, _ settings: String...) {
        self.framework = framework
        self.arch = arch
        self.settings = settings
        data = SampleData(documents: 256, testDocuments: 40, tokens: 200, labels: 256, features: arch.features)
    }

    /// All settings of the case.
    public var allSettings: [String] {
        let all = ["global.embedding_dims=16", "global.surrogate_threshold=128", "all.batch_size=30"] + settings
        return all.flatMap { setting in
            guard setting.hasPrefix("all.") else { return [setting] }
            return ["surrogate", "extreme", "reranker"].map { "\($0).\(setting.dropFirst(4))" }
        }
    }

    /// Those with encoders.
    public static let frameworks = Frameworks.all.map(\.requirements).filter(\.usesEncoder).map(\.name)

    /// A case for each framework with encoders and each of the encoders.
    public static func matrix(_ encoders: [SampleArch]) -> [SmallCase] {
        frameworks.flatMap { framework in encoders.map { SmallCase(framework, $0) } }
    }
}

extension LearnerJob {
    public init(folder: String, _ small: SmallCase) throws {
        try self.init(
            folder: folder, data: small.data, framework: small.framework, arch: small.arch, settings: small.allSettings)
    }
}
