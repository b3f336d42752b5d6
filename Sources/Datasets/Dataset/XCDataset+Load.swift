import Config
import Formats
import Support

extension XCDataset {
    /// Reads a data set from its files, without a cache.
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
        let (trainX, testX, validationX, cols) = try features(source, team)
        let (trainY, testY, validationY) = try labels(source, team)
        let text = try LabelText(source, labels: trainY.cols, cols: cols, team)
        try checkRows(trainX, source.trainFeatures, trainY, source.trainLabels)
        try checkRows(testX, source.testFeatures, testY, source.testLabels)
        let filter = try LabelFilter.read(source.filter, documents: testX.rows, labels: testY.cols)
        var parts = try TrainingParts(trainX, trainY, source)
        if let validationX, let validationY, let files = source.validation {
            try checkRows(validationX, files.features, validationY, files.labels)
            try XCDatasetSource.checkLabelled(validationY, files.labels)
            let none = try LabelFilter.read(nil, documents: validationX.rows, labels: validationY.cols)
            parts.held = (validationX, validationY, none)
        }
        return try ProgressScope.stage("putting the data set in order") { _ in
            try ordered(parts, testX, testY, filter, text, source, fingerprint, team)
        }
    }

    /// The data set of the matrices of its files.
    private static func ordered(
        _ parts: TrainingParts, _ testX: CSRMatrix, _ testY: CSRMatrix, _ filter: CSRMatrix,
        _ text: LabelText?, _ source: XCDatasetSource, _ fingerprint: String, _ team: ThreadTeam
    ) throws -> XCDataset {
        let type = source.files.featureType, (trainX, trainY) = (parts.features, parts.labels)
        guard (0..<trainX.rows).contains(where: { !trainX.range($0).isEmpty && !trainY.range($0).isEmpty }) else {
            throw nothingToTrain(trainX, trainY, source)
        }
        var (allX, allY, added) = (trainX, trainY, 0)
        if let text, text.use.areDocuments {
            let selected = try source.labelIndices.map { try XCDatasetSource.labels($0, trainY.cols) }
            (allX, allY, added) = text.following(trainX, trainY, selected: selected)
        }
        let cleaned = CleanUp(
            features: allX, labels: allY, keepsInvalid: try source.selectedLabels(trainY.cols), labelTexts: added)
        let kept = text.flatMap { text in
            text.use.areKept ? text.features.selecting(rows: cleaned.labelIds.array.map(Int.init)) : nil
        }
        if source.files.normalize, type != .sequential {
            for features in [cleaned.features, testX, kept, parts.held?.features].compactMap({ $0 }) {
                features.normalizeRows(team)
            }
        }
        let held = parts.held.map {
            HeldOutDocuments(features: $0.features, labels: $0.labels, filter: $0.filter, isCut: source.validation == nil)
        }
        return XCDataset(
            featureType: type, trainFeatures: cleaned.features, trainLabels: cleaned.labels,
            trainDocuments: cleaned.labels.transposed(), testFeatures: testX, testLabels: testY, labelIds: cleaned.labelIds,
            labelCounts: cleaned.labelCounts, trainRowsInFile: trainX.rows, testFilter: filter,
            labelFeatures: kept, validation: held, fingerprint: fingerprint)
    }

    /// Training, test and validation features of equal width, those of unselected columns gone; and the width before that.
    private static func features(_ source: XCDatasetSource, _ team: ThreadTeam) throws -> (
        CSRMatrix, CSRMatrix, validation: CSRMatrix?, cols: Int
    ) {
        let type = source.files.featureType
        var train = try MatrixFile.read(source.trainFeatures, kind: type.kind, team)
        var test = try MatrixFile.read(source.testFeatures, kind: type.kind, team)
        let validation = try source.validation.map { try MatrixFile.read($0.features, kind: type.kind, team) }
        let cols = max(train.cols, test.cols, validation?.cols ?? 0)
        try checkColumns(cols, source.trainFeatures, source.testFeatures)
        guard type != .dense || train.cols == test.cols && cols == train.cols else {
            throw Failure(
                .usage, "training and test documents have different numbers of dimensions",
                at: "\(source.trainFeatures.path) and \(source.testFeatures.path)",
                found: "\(train.cols) and \(test.cols)" + (validation.map { ", \($0.cols) of the validation documents" } ?? ""),
                expected: "the same number", advice: "check that both files are of the same version of the data set")
        }
        (train, test) = (train.widened(to: cols), test.widened(to: cols))
        return (
            try source.selectingFeatures(train, cols: cols), try source.selectingFeatures(test, cols: cols),
            try validation.map { try source.selectingFeatures($0.widened(to: cols), cols: cols) }, cols
        )
    }

    private static func labels(_ source: XCDatasetSource, _ team: ThreadTeam) throws -> (
        CSRMatrix, CSRMatrix, validation: CSRMatrix?
    ) {
        let train = try MatrixFile.read(source.trainLabels, kind: .labels, team)
        let test = try MatrixFile.read(source.testLabels, kind: .labels, team)
        let validation = try source.validation.map { try MatrixFile.read($0.labels, kind: .labels, team) }
        let cols = max(train.cols, test.cols, validation?.cols ?? 0)
        try checkColumns(cols, source.trainLabels, source.testLabels)
        let left = try source.withoutHeldOut(train.widened(to: cols)), wide = validation?.widened(to: cols)
        guard let file = source.labelIndices else { return (left, test.widened(to: cols), wide) }
        let selection = try ColumnSelection(file, cols: cols, what: "label")
        return (selection.masking(left), selection.masking(test.widened(to: cols)), wide.map(selection.masking))
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
