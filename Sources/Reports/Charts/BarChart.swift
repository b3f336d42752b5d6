/// Horizontal bars, each of parts one after the other: seconds by module, hits by how frequent labels are.
struct BarChart {
    struct Part {
        var name: String
        var value: Double
        var colour: Int
        /// Drawn pale: time spent waiting.
        var isPale = false
        /// What it says when the mouse is over it.
        var says: String
    }

    struct Bar {
        var name: String
        var parts: [Part]
        /// A line across, with what it says: what was planned.
        var limit: (value: Double, says: String)?
        var total: String
    }

    var title: String
    var unit: String
    var bars: [Bar]

    private static let width = 1100.0, left = 150.0, right = 90.0, top = 28.0, rowHeight = 24.0, bottom = 36.0

    private var height: Double { Self.top + Double(bars.count) * Self.rowHeight + Self.bottom }

    private var axis: Axis {
        Axis(
            bars.flatMap { bar in [bar.parts.reduce(0) { $0 + $1.value }] + (bar.limit.map { [$0.value] } ?? []) }, fromZero: true
        )
    }

    var markup: Markup {
        let axis = axis, scale = Self.width - Self.left - Self.right
        let grid = axis.ticks.map { tick -> Markup in
            let x = Self.left + axis.share(tick) * scale
            return """
                <line class='grid' x1='\(x)' x2='\(x)' y1='\(Self.top)' y2='\(height - Self.bottom)'/>\
                <text class='tick' x='\(x)' y='\(height - Self.bottom + 16)' text-anchor='middle'>\(axis.label(tick))</text>

                """
        }
        let drawn = bars.enumerated().map { index, bar in
            row(bar, y: Self.top + Double(index) * Self.rowHeight) { axis.share($0) * scale }
        }
        return """
            <svg class='chart wide' viewBox='0 0 \(Self.width) \(height)' role='img' aria-label='\(title)'>
            <text class='title' x='8' y='16'>\(title)</text>
            \(grid)\(drawn)<text class='tick' x='\(Self.left + scale / 2)' y='\(height - 4)' text-anchor='middle'>\(unit)</text>
            </svg>

            """
    }

    private func row(_ bar: Bar, y: Double, _ length: (Double) -> Double) -> Markup {
        var at = Self.left
        var parts: [Markup] = []
        for part in bar.parts {
            let wide = length(max(0, part.value))
            parts.append(
                """
                <rect class='b\(part.colour)\(part.isPale ? " pale" : "")' x='\(at)' y='\(y + 3)' width='\(wide)' \
                height='\(Self.rowHeight - 6)' data-bar='\(bar.name)' data-part='\(part.name)' data-value='\(String(part.value))'>\
                <title>\(part.says)</title></rect>

                """)
            at += wide
        }
        let limit = bar.limit.map { limit -> Markup in
            let x = Self.left + length(limit.value)
            return """
                <line class='limit' x1='\(x)' x2='\(x)' y1='\(y + 1)' y2='\(y + Self.rowHeight - 1)' data-bar='\(bar.name)' \
                data-limit='\(String(limit.value))'><title>\(limit.says)</title></line>

                """
        }
        return """
            <text class='tick' x='\(Self.left - 8)' y='\(y + 16)' text-anchor='end'>\(bar.name)</text>
            \(parts)\(limit ?? .none)<text class='tick' x='\(Self.width - 4)' y='\(y + 16)' text-anchor='end'>\(bar.total)</text>

            """
    }
}
