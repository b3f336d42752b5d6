import Buffers
import Diagnostics

extension XCDataset {
    /// Reads a data set from its text files, without a cache.
    ///
    /// - Throws: `Failure` for a missing data set or file, for anything that its files may not hold (with file, line and
    ///   column), for features and labels of unequal rows, and where no training document is usable.
    public static func load(files: XCDatasetFiles, threads: Int) throws -> XCDataset {
        let team = ThreadTeam(size: max(1, threads))
        defer { team.stop() }
        let source = try XCDatasetSource(files)
        return try load(source, fingerprint: source.fingerprint(team), team)
    }

    static func load(_ source: XCDatasetSource, fingerprint: String, _ team: ThreadTeam) throws -> XCDataset {
        func read(_ file: MappedFile, _ kind: XCText.Kind) throws -> CSRMatrix {
            try XCText.read(file: file, kind: kind, team: team)
        }
        let trainX = try read(source.trainFeatures, .features)
        let trainY = try read(source.trainLabels, .labels)
        try checkRows(trainX, source.trainFeatures, trainY, source.trainLabels)
        let testX = try read(source.testFeatures, .features)
        let testY = try read(source.testLabels, .labels)
        try checkRows(testX, source.testFeatures, testY, source.testLabels)
        let tokens = max(trainX.cols, testX.cols)
        let labels = max(trainY.cols, testY.cols)
        try checkColumns(tokens, source.trainFeatures, source.testFeatures)
        try checkColumns(labels, source.trainLabels, source.testLabels)
        let filter = try LabelFilter.read(source.filter, documents: testX.rows, labels: labels)
        let cleaned = CleanUp(features: trainX.widened(to: tokens), labels: trainY.widened(to: labels))
        guard cleaned.features.rows > 0 else { throw nothingToTrain(trainX, trainY, source) }
        if source.files.normalize {
            cleaned.features.normalizeRows(team)
            testX.normalizeRows(team)
        }
        return XCDataset(
            trainFeatures: cleaned.features, trainLabels: cleaned.labels, trainDocuments: cleaned.labels.transposed(),
            testFeatures: testX.widened(to: tokens), testLabels: testY.widened(to: labels), labelIds: cleaned.labelIds,
            labelCounts: cleaned.labelCounts, trainRowsInFile: trainX.rows, testFilter: filter, fingerprint: fingerprint)
    }

    private static func checkRows(_ x: CSRMatrix, _ xFile: MappedFile, _ y: CSRMatrix, _ yFile: MappedFile) throws {
        guard x.rows != y.rows else { return }
        throw Failure(
            .usage, "features and labels have different numbers of rows", at: "\(xFile.path):1 and \(yFile.path):1",
            found: "\(x.rows) rows of features, \(y.rows) rows of labels", expected: "a row of each for every document",
            advice: "check that both files are of the same split and the same version of the data set")
    }

    /// Labels and tokens have memory of their own, even where no row names them: a header must not ask for any amount.
    private static func checkColumns(_ cols: Int, _ train: MappedFile, _ test: MappedFile) throws {
        let most = 1 << 24 + 64 * (train.count + test.count)
        guard cols > most else { return }
        throw Failure(
            .usage, "the header's number of columns is out of proportion to the files", at: "\(train.path):1 and \(test.path):1",
            found: "\(cols) columns for \(train.count + test.count) bytes", expected: "at most \(most)",
            advice: "correct the header")
    }

    private static func nothingToTrain(_ x: CSRMatrix, _ y: CSRMatrix, _ source: XCDatasetSource) -> Failure {
        let withFeatures = (0..<x.rows).count { !x.range($0).isEmpty }
        let withLabels = (0..<y.rows).count { !y.range($0).isEmpty }
        return Failure(
            .usage, "no training document has both a feature and a label", at: source.trainFeatures.path,
            found: "\(x.rows) documents, \(withFeatures) with a feature, \(withLabels) with a label (\(source.trainLabels.path))",
            expected: "at least one with both", advice: "check that the two files belong together")
    }
}
