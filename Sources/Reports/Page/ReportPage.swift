import Support

/// `report.html`: what one run reached and cost, or what one file of predictions is worth.
public struct ReportPage {
    private let content: ReportContent

    public init(_ content: ReportContent) { self.content = content }

    public static let fileName = "report.html"

    public var html: String {
        let metrics = MetricSections(content: content), training = TrainingSections(content: content)
        let text = TextSections(content: content)
        return PageFrame(
            title: content.title,
            sections: [
                text.overview, metrics.overview, SegmentSection(content: content).section, metrics.byBeta, training.loss,
                ValidationSection(content: content).section,
                TimeSection(content: content).section, MemorySection(content: content).section, text.plan, text.config,
                text.documents,
            ]
        ).html
    }

    /// - Throws: `Failure` where we may not write, or the disk is full.
    public func write(to path: String) throws { try AtomicFile.write(path, html.utf8) }
}
