/// Values as dots with their intervals as lines, a row each: which scores are better, and whether the test set tells them apart.
struct IntervalChart {
    struct Row {
        var name: String
        var value: Double
        var interval: ClosedRange<Double>?
        var colour: Int
    }

    var title: String
    /// The metric: `P@1`.
    var metric: String
    var rows: [Row]

    private static let width = 350.0, left = 104.0, right = 50.0, top = 28.0, rowHeight = 22.0, bottom = 24.0

    private var height: Double { Self.top + Double(rows.count) * Self.rowHeight + Self.bottom }

    private var axis: Axis {
        Axis(rows.flatMap { row in [row.value] + (row.interval.map { [$0.lowerBound, $0.upperBound] } ?? []) }, count: 4)
    }

    var markup: Markup {
        let axis = axis
        func x(_ value: Double) -> Double { Self.left + axis.share(value) * (Self.width - Self.left - Self.right) }
        let grid = axis.ticks.map { tick -> Markup in
            """
            <line class='grid' x1='\(x(tick))' x2='\(x(tick))' y1='\(Self.top)' y2='\(height - Self.bottom)'/>\
            <text class='tick' x='\(x(tick))' y='\(height - 8)' text-anchor='middle'>\(axis.label(tick))</text>

            """
        }
        let drawn = rows.enumerated().map { index, row in mark(row, y: Self.top + (Double(index) + 0.5) * Self.rowHeight, x) }
        return """
            <svg class='chart' viewBox='0 0 \(Self.width) \(height)' role='img' aria-label='\(title)'>
            <text class='title' x='8' y='16'>\(title)</text>
            \(grid)\(drawn)</svg>

            """
    }

    private func mark(_ row: Row, y: Double, _ x: (Double) -> Double) -> Markup {
        let range = row.interval.map { [$0.lowerBound, $0.upperBound] }
        let says = range.map { String(format: "%@ %@: %.2f (%.2f to %.2f)", row.name, metric, row.value, $0[0], $0[1]) }
        let whisker = range.map { range -> Markup in
            "<line class='l\(row.colour) whisker' x1='\(x(range[0]))' x2='\(x(range[1]))' y1='\(y)' y2='\(y)'/>"
        }
        return """
            <g><title>\(says ?? "\(row.name) \(metric): \(Markup.number(row.value, digits: 2))")</title>\
            <rect class='hit' x='0' y='\(y - Self.rowHeight / 2)' width='\(Self.width)' height='\(Self.rowHeight)'/>\
            <text class='tick' x='\(Self.left - 10)' y='\(y + 4)' text-anchor='end'>\(Self.shortened(row.name))</text>\(whisker ?? .none)\
            <circle class='f\(row.colour)' cx='\(x(row.value))' cy='\(y)' r='4' data-series='\(row.name)' data-metric='\(metric)' \
            data-value='\(String(row.value))' data-low='\(range.map { String($0[0]) } ?? "")' \
            data-high='\(range.map { String($0[1]) } ?? "")'/>\
            <text class='tick' x='\(Self.width - 4)' y='\(y + 4)' text-anchor='end'>\(String(format: "%.2f", row.value))</text></g>

            """
    }

    private static func shortened(_ name: String) -> String { name.count > 16 ? name.prefix(15) + "…" : name }
}
