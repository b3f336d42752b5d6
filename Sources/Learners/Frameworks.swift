import Config
import Support

/// All frameworks: where every command looks one up. A new one is a folder beside this file, and a line in `all`.
public enum Frameworks {
    /// In the order in which a data set's own config is looked for.
    package static let all: [any Learner] = [DeepXML(), OneVsAll(), ANNS(), DiSMEC(), Slice(), SparseSlice()]

    /// `DeepXML, DeepXML-OVA or DeepXML-ANNS`, for help.
    public static var listed: String {
        let names = all.map(\.name.rawValue)
        return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }

    /// - Throws: `Failure` with the nearest name where there is none of this.
    package static func named(_ name: String) throws -> any Learner {
        if let learner = all.first(where: { $0.name.rawValue == name }) { return learner }
        let names = all.map(\.name.rawValue)
        throw Failure(
            .usage, "unknown framework \"\(name)\"", at: "--framework", found: name, expected: names.joined(separator: ", "),
            advice: suggestion(for: name, among: names).map { "did you mean \($0)?" } ?? "use --framework DeepXML")
    }

    /// The sections of a framework's configs, for whoever only reads one.
    ///
    /// - Throws: `Failure` as `named`.
    public static func schema(of name: String) throws -> ConfigSchema { try named(name).requirements.schema }
}

extension FrameworkName {
    /// - Precondition: the name is a framework's, as `Frameworks.named` has checked.
    package var learner: any Learner {
        guard let learner = Frameworks.all.first(where: { $0.name == self }) else {
            preconditionFailure("no framework is called \(rawValue)")
        }
        return learner
    }
}
