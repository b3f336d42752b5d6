import Reports
import Scoring
import Support

extension Evaluation {
    /// The page of one file of predictions.
    ///
    /// - Parameter options: with which it was evaluated.
    public func report(_ options: EvaluateOptions) -> ReportContent {
        var content = ReportContent(
            title: "Evaluation of \(lastName(options.predictions))", facts: facts(options), systems: [system("predictions")])
        content.curves = [(byBeta, false), (byBetaBeforeReranker, true)].compactMap { tables, isBefore in
            tables.flatMap {
                ReportContent.BetaCurve(name: "predictions", $0.mapValues(ReportMetrics.init), isBeforeReranker: isBefore)
            }
        }
        content.stages = (stages ?? [:]).sorted { $0.key < $1.key }.map {
            .init(name: "\($0.key) alone", metrics: ReportMetrics($0.value))
        }
        content.documents = samples
        if metrics.PSP == nil { content.notes = ["PSP and the head, torso and tail need --train-labels."] }
        return content
    }

    /// The scores as a row of a report.
    func system(_ name: String) -> ReportContent.System {
        .init(
            name: name, metrics: ReportMetrics(metrics), details: ScoreDetails(intervals: intervals, segments: segments))
    }

    private func facts(_ options: EvaluateOptions) -> [ReportContent.Fact] {
        var facts = [
            ReportContent.Fact("predictions", options.predictions), .init("labels", options.labels),
            .init("documents with labels", Quantity.count(documents)), .init("number of labels", Quantity.count(labels)),
        ]
        if let train = options.trainLabels { facts.append(.init("training labels", train)) }
        if let filter = options.filter { facts.append(.init("filter", filter)) }
        if let beta { facts.append(.init("β", LearnerEvaluation.key(beta))) }
        return facts + [.init("program", "deepxml-dist \(programVersion)")]
    }
}

extension ReportMetrics {
    init(_ figures: Evaluation.Figures) { self.init(P: figures.P, nDCG: figures.nDCG, PSP: figures.PSP, R: figures.R) }
}
