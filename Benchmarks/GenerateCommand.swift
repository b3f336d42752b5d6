import ArgumentParser
import Foundation
import GeneratedData
import Support

/// `deepxml-bench generate`: a data set of a given shape, for time and memory at a scale that no set at hand has.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate", abstract: "Write a generated data set: XC text, training and test.",
        discussion: """
            Tokens and labels follow Zipf's law, and labels can be learned from tokens. The same options give the same bytes. \
            docs/SCALING.md says how the sets are made.

            EXAMPLES
              deepxml-bench generate data/AmazonTitles-670K --shape AmazonTitles-670K
              deepxml-bench generate data/Small --documents 2000 --features 500 --labels 300 --labels-per-document 3 --test 500
            """)

    @Argument(help: ArgumentHelp("Folder to write the four files to; made where it is missing.", valueName: "folder"))
    var folder: String
    @Option(help: "A known shape: \(SetShape.named.keys.sorted().joined(separator: ", ")). Other options change it.")
    var shape: String?
    @Option(help: "Training documents.") var documents: Int?
    @Option(help: "Tokens: columns of the features.") var features: Int?
    @Option(help: "Labels.") var labels: Int?
    @Option(help: "Labels a document, on average.") var labelsPerDocument: Double?
    @Option(help: "Test documents.") var test: Int?
    @Option(help: "Tokens a document, on average. (default: 8)") var tokensPerDocument: Double?
    @Option(help: "Another seed gives another set of the same shape.") var seed: UInt64 = 1

    func validate() throws {
        if let shape, SetShape.named[shape] == nil {
            let known = SetShape.named.keys.sorted()
            let nearest = suggestion(for: shape, among: known).map { ": did you mean \($0)?" } ?? ""
            throw ValidationError("--shape \(shape) is unknown (\(known.joined(separator: ", ")))\(nearest)")
        }
        if shape == nil, documents == nil || features == nil || labels == nil || labelsPerDocument == nil || test == nil {
            throw ValidationError(
                "expected --shape, or all of --documents, --features, --labels, --labels-per-document and --test")
        }
    }

    private var wanted: SetShape {
        var wanted =
            shape.flatMap { SetShape.named[$0] }
            ?? SetShape(documents: 0, features: 0, labels: 0, labelsPerDocument: 0, testDocuments: 0)
        if let documents { wanted.documents = documents }
        if let features { wanted.features = features }
        if let labels { wanted.labels = labels }
        if let labelsPerDocument { wanted.labelsPerDocument = labelsPerDocument }
        if let test { wanted.testDocuments = test }
        if let tokensPerDocument { wanted.tokensPerDocument = tokensPerDocument }
        return wanted
    }

    func run() throws {
        let began = Date(), set = try TextSet(wanted, seed: seed)
        var said = 0.0
        try set.write(to: folder) { done, all in
            let seconds = -began.timeIntervalSinceNow, rate = Double(done) / seconds
            if seconds - said < 2 { return }
            said = seconds
            let left = Quantity.seconds(Double(all - done) / rate)
            Self.say("\(Quantity.count(done)) of \(Quantity.count(all)) documents, \(Quantity.count(Int(rate)))/s, \(left) left")
        }
        print("\(folder): \(Quantity.plural(set.topics.count, "topic")), \(Quantity.seconds(-began.timeIntervalSinceNow))")
    }

    private static func say(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
