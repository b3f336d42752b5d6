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

    /// Tells before the work that a page would take the place of something else: data, scores or a model are gone then.
    ///
    /// - Parameter option: that names the page.
    /// - Throws: `Failure(.usage)` where there is a file that is no page.
    public static func check(_ path: String?, option: String) throws {
        guard let path, isFile(path) else { return }
        let head = try MappedFile(path: path).prefix(64)
        let start = String(decoding: head, as: UTF8.self).lowercased()
        if head.isEmpty || start.hasPrefix("<!doctype html") || start.hasPrefix("<html") { return }
        throw Failure(
            .usage, "a page would take the place of another file", at: option, found: path,
            expected: "a name that is not taken, or a page to write anew", advice: "name a new file, such as report.html")
    }

    /// - Throws: `Failure` where we may not write, or the disk is full.
    public func write(to path: String) throws { try AtomicFile.write(path, html.utf8) }
}
