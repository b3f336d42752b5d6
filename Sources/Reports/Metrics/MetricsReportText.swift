import Foundation

extension MetricsReport {
    /// The JSON text: sorted keys, indented, lists of numbers on one line, metrics and seconds with at most 4 decimals.
    public func json() throws -> String { try ReportJSON.text(rounded) }

    public init(json: String) throws {
        self = try JSONDecoder().decode(MetricsReport.self, from: Data(json.utf8))
    }

    private var rounded: MetricsReport {
        var report = self
        report.wallSeconds = wallSeconds.rounded(digits: 3)
        report.commSeconds = commSeconds.map { $0.rounded(digits: 3) }
        report.ensemble.metrics = ensemble.metrics.rounded()
        report.ensemble.labelMetrics = ensemble.labelMetrics?.rounded()
        report.learners = learners.map { learner in
            var short = learner
            short.metrics = learner.metrics.rounded()
            short.labelMetrics = learner.labelMetrics?.rounded()
            short.byBeta = learner.byBeta.mapValues { $0.rounded() }
            short.stages = learner.stages.mapValues { $0.rounded() }
            short.byBetaBeforeReranker = learner.byBetaBeforeReranker?.mapValues { $0.rounded() }
            short.seconds = learner.seconds.mapValues { $0.rounded(digits: 3) }
            return short
        }
        return report
    }

    /// Puts `[\n 1,\n 2\n]` on one line. A JSON string holds no line break, so no text is touched.
    package static func joinNumberLists(_ text: String) -> String {
        var done: [String] = []
        // An opening line and the numbers that follow it, until it shows whether the list ends with them.
        var pending: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let content = line.drop { $0 == " " }
            if !pending.isEmpty, content.first.map({ $0.isNumber || $0 == "-" }) == true {
                pending.append(line)
            } else if pending.count > 1, content.hasPrefix("]") {
                let numbers = pending.dropFirst().map { $0.drop { $0 == " " } }
                done.append(pending[0] + numbers.joined(separator: " ") + content)
                pending = []
            } else {
                done += pending.map(String.init)
                pending = []
                if content.hasSuffix("[") { pending = [line] } else { done.append(String(line)) }
            }
        }
        return (done + pending.map(String.init)).joined(separator: "\n")
    }
}
