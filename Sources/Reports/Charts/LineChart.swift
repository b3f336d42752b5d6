/// Lines over a common axis: loss over epochs, a metric over β. Each point says its value when the mouse is over it.
struct LineChart {
    struct Point { var x: Double, y: Double }

    struct Series {
        var name: String
        var points: [Point]
        /// Of the palette.
        var colour: Int
        var isDashed = false
        /// Where a job took the work up again, on the x axis.
        var marks: [Double] = []
        /// What a mark says.
        var markName = "gone on with here"
    }

    var title: String
    var xName: String
    var series: [Series]
    var x: Axis
    var yFromZero = false
    /// What a point says: `extreme, epoch 3: loss 0.1234`.
    var says: (Series, Point) -> String

    private static let width = 350.0, height = 215.0, left = 50.0, right = 12.0, top = 28.0, bottom = 36.0
    /// Circles of a line; of more points the line is drawn whole, and every so many have a circle.
    private static let mostCircles = 200

    private var y: Axis { Axis(series.flatMap { $0.points.map(\.y) }, fromZero: yFromZero) }

    private func place(_ point: Point, _ y: Axis) -> (x: Double, y: Double) {
        let wide = Self.width - Self.left - Self.right, high = Self.height - Self.top - Self.bottom
        return (Self.left + x.share(point.x) * wide, Self.top + (1 - y.share(point.y)) * high)
    }

    var markup: Markup {
        let y = y
        return """
            <svg class='chart' viewBox='0 0 \(Self.width) \(Self.height)' role='img' aria-label='\(title)'>
            <text class='title' x='\(Self.left)' y='16'>\(title)</text>
            \(frame(y))\(series.map { line($0, y) })</svg>

            """
    }

    private func frame(_ y: Axis) -> Markup {
        let bottom = Self.height - Self.bottom, right = Self.width - Self.right
        let rows = y.ticks.map { tick -> Markup in
            let at = place(Point(x: x.low, y: tick), y).y
            return """
                <line class='grid' x1='\(Self.left)' x2='\(right)' y1='\(at)' y2='\(at)'/>\
                <text class='tick' x='\(Self.left - 6)' y='\(at + 4)' text-anchor='end'>\(y.label(tick))</text>

                """
        }
        let columns = x.ticks.map { tick -> Markup in
            let at = place(Point(x: tick, y: y.low), y).x
            return "<text class='tick' x='\(at)' y='\(bottom + 16)' text-anchor='middle'>\(x.label(tick))</text>\n"
        }
        let middle = (Self.left + right) / 2
        return "\(rows)\(columns)<text class='tick' x='\(middle)' y='\(Self.height - 4)' text-anchor='middle'>\(xName)</text>\n"
    }

    private func line(_ series: Series, _ y: Axis) -> Markup {
        let places = series.points.map { place($0, y) }
        let path = places.enumerated().map {
            "\($0 == 0 ? "M" : "L")\(Markup.number($1.x, digits: 2)) \(Markup.number($1.y, digits: 2))"
        }
        let every = (series.points.count + Self.mostCircles - 1) / Self.mostCircles
        let circles = series.points.indices.filter { every < 2 || $0 % every == 0 || $0 == series.points.count - 1 }.map {
            i -> Markup in
            let point = series.points[i]
            return """
                <circle class='f\(series.colour)' cx='\(places[i].x)' cy='\(places[i].y)' r='3' data-series='\(series.name)' \
                data-x='\(point.x, digits: 6)' data-y='\(String(point.y))'><title>\(says(series, point))</title></circle>

                """
        }
        let marks = series.marks.map { mark -> Markup in
            let at = place(Point(x: mark, y: y.low), y).x
            return """
                <line class='mark' x1='\(at)' x2='\(at)' y1='\(Self.top)' y2='\(Self.height - Self.bottom)'>\
                <title>\(series.name): \(series.markName)</title></line>

                """
        }
        let dashes: Markup = series.isDashed ? " stroke-dasharray='5 3'" : ""
        return "\(marks)<path class='l\(series.colour)' d='\(path.joined(separator: " "))'\(dashes)/>\n\(circles)"
    }
}

/// Which colour is what, below charts that share it.
struct Legend {
    var entries: [(name: String, colour: Int)]

    var markup: Markup {
        guard entries.count > 1 else { return .none }
        let items = entries.map { "<li><span class='swatch b\($0.colour)'></span>\($0.name)</li>" as Markup }
        return "<ul class='legend'>\(items)</ul>\n"
    }

    /// Colours of the palette; more series take them again.
    static let colours = 8
    static func colour(_ index: Int) -> Int { index % colours }
}
