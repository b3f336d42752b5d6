import Foundation

/// What `Preparation` wrote.
public struct PreparationSummary: Sendable, Equatable {
    public struct File: Sendable, Equatable {
        public let name: String
        public let bytes: Int
    }

    public let name: String
    public let folder: String
    /// Rows of the files.
    public let train, test: Int
    public let features, labels: Int
    /// Mean over the training rows.
    public let labelsPerDocument: Double
    /// By name.
    public let files: [File]

    static func files(in folder: String) -> [File] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        return names.map { name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return File(name: name, bytes: (attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
}

extension PreparationSummary: CustomStringConvertible {
    public var description: String {
        let perDocument = String(format: "%.2f", labelsPerDocument)
        let head = """
            \(name): \(train.grouped) training and \(test.grouped) test documents, \(features.grouped) features, \
            \(labels.grouped) labels, \(perDocument) labels a document
            """
        let width = files.map(\.name.count).max() ?? 0
        let list = files.map { file in
            let size = String(format: "%8.2f MiB", Double(file.bytes) / 1_048_576)
            return "  \(file.name.padding(toLength: width, withPad: " ", startingAt: 0)) \(size)"
        }
        return ([head, "written to \(folder)/"] + list).joined(separator: "\n")
    }
}

extension Int {
    /// 13,114 for 13114, whatever the locale.
    var grouped: String {
        var digits = Array(String(magnitude))
        var at = digits.count - 3
        while at > 0 {
            digits.insert(",", at: at)
            at -= 3
        }
        return (self < 0 ? "-" : "") + String(digits)
    }
}
