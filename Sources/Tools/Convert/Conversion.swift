import Formats
import Foundation
import Support
import Transport

/// `deepxml-dist convert`: one file of features or labels in another format, or a pair of them into or out of the one-file form.
public struct Conversion: Sendable {
    public var from: String
    /// Labels that belong to `from`; nil: none, or `from` is of the one-file form.
    public var fromLabels: String?
    public var to: String
    /// Where the labels go; nil: none, or `to` is of the one-file form.
    public var toLabels: String?
    /// A name of `MatrixFormat.names`, for both files that are written; nil: by the ends of their names.
    public var format: String?
    /// Features are token ids in the order of the text: rows keep their order and repeats.
    public var areSequences = false
    public var threads = 1

    public init(
        from: String, fromLabels: String? = nil, to: String, toLabels: String? = nil, format: String? = nil,
        areSequences: Bool = false, threads: Int = 1
    ) {
        self.from = from
        self.fromLabels = fromLabels
        self.to = to
        self.toLabels = toLabels
        self.format = format
        self.areSequences = areSequences
        self.threads = threads
    }

    /// Reads, checks and writes; each file appears when it is complete, and none where something is wrong with what is read.
    ///
    /// - Returns: a line a file written, for people.
    /// - Throws: `Failure` where a file can't be read, features and labels have different numbers of rows, or the options
    ///   don't fit together.
    public func run() throws -> [String] {
        let source = try MatrixFile.format(path: from)
        let target = try targetFormat()
        try check(source, target)
        let features = try MatrixFile.read(path: from, kind: areSequences ? .sequences : .values, threads: threads)
        guard let labelsFile = source.layout == .oneFile ? from : fromLabels else {
            try MatrixFile.write(features, to: to, format: target)
            return [Self.line(to, target, features)]
        }
        let labels = try MatrixFile.read(path: labelsFile, kind: .labels, threads: threads)
        try checkRows(features, labels, labelsFile)
        guard target.layout != .oneFile else {
            try XCText.writeOneFile(to, features: features, labels: labels, isPacked: target.isPacked)
            return ["\(to): \(target.name), \(features.rows) documents, \(features.cols) features, \(labels.cols) labels"]
        }
        guard let toLabels else { return [] }
        let labelFormat = try format(of: toLabels, option: "--to-labels")
        try MatrixFile.write(features, to: to, format: target)
        try MatrixFile.write(labels, to: toLabels, format: labelFormat)
        return [Self.line(to, target, features), Self.line(toLabels, labelFormat, labels)]
    }

    private static func line(_ path: String, _ format: MatrixFormat, _ matrix: CSRMatrix) -> String {
        "\(path): \(format.name), \(matrix.rows)×\(matrix.cols), \(matrix.nonZeros) entries"
    }

    /// Text for features and labels together is of the one-file form, where one file is to hold them.
    private func targetFormat() throws -> MatrixFormat {
        var target = try format(of: to, option: "--to")
        if format == nil, fromLabels != nil, toLabels == nil, target.isText { target.layout = .oneFile }
        return target
    }

    private func format(of path: String, option: String) throws -> MatrixFormat {
        if let format {
            if let known = MatrixFormat(name: format) { return known }
            let near = suggestion(for: format, among: MatrixFormat.names).map { "did you mean \($0)?" }
            throw Failure(
                .usage, "unknown format \"\(format)\"", at: "--format", found: format,
                expected: MatrixFormat.names.joined(separator: ", "), advice: near ?? "see deepxml-dist convert --help")
        }
        if let byName = MatrixFormat(extensionOf: path) { return byName }
        throw Failure(
            .usage, "the file's extension names no format", at: option, found: path,
            expected: "a name that ends in .txt, .txt.gz, .npz, .npy or .pkl",
            advice: "name the format: --format " + MatrixFormat.names.joined(separator: "|"))
    }

    /// What would be lost, or left without a place, is said before anything is written.
    private func check(_ source: MatrixFormat, _ target: MatrixFormat) throws {
        let hasLabels = source.layout == .oneFile || fromLabels != nil
        func wrong(_ problem: String, _ option: String, _ advice: String) -> Failure {
            Failure(
                .usage, problem, at: option, found: "\(from) is of format \(source.name), \(to) of \(target.name)", advice: advice
            )
        }
        if source.layout == .oneFile, let fromLabels {
            throw wrong("\(from) holds labels itself", "--from-labels \(fromLabels)", "leave --from-labels out")
        }
        if areSequences, [.npy, .densePickle].contains(target.layout) {
            throw wrong("a dense array holds no sequences", "--sequences", "write .npz, .pkl or .txt")
        }
        if target.layout == .oneFile {
            if !hasLabels {
                throw wrong("the one-file form needs labels", "--from-labels", "name the labels: --from-labels FILE")
            }
            if toLabels != nil { throw wrong("one file takes features and labels", "--to-labels", "leave --to-labels out") }
        } else if hasLabels, toLabels == nil {
            throw wrong("the labels have no place to go", "--to-labels", "name a file for them: --to-labels FILE")
        } else if !hasLabels, toLabels != nil {
            throw wrong("there are no labels to write", "--to-labels", "name the file that has them: --from-labels FILE")
        }
        if let toLabels, isSamePlace(to, toLabels) {
            throw wrong("both files would be written to the same place", "--to-labels", "name another file")
        }
        for (option, output) in [("--to", to), ("--to-labels", toLabels ?? "")] where !output.isEmpty {
            try checkKept([from, fromLabels], by: output, option: option)
            try AtomicFile.check(output, streams: true)
        }
    }

    private func checkRows(_ features: CSRMatrix, _ labels: CSRMatrix, _ labelsFile: String) throws {
        guard features.rows != labels.rows else { return }
        throw Failure(
            .usage, "features and labels have different numbers of rows", at: "\(from) and \(labelsFile)",
            found: "\(features.rows) rows of features, \(labels.rows) rows of labels",
            expected: "a row of each for every document",
            advice: "check that both files are of the same split and the same version of the data set")
    }
}
