/// How a report looks: light or dark as the reader's system is, and on paper.
enum PageStyle {
    static let css = """
        :root {
          --paper: #ffffff; --ink: #1c2128; --soft: #5b6573; --line: #d9dee5; --shade: #f4f6f8; --hit: #1a7f37; --limit: #b3261e;
          --c0: #1f6feb; --c1: #d9480f; --c2: #2b8a3e; --c3: #9c36b5; --c4: #b08900; --c5: #0b8a8f; --c6: #c2255c; --c7: #6741d9;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --paper: #12161b; --ink: #e4e8ee; --soft: #9aa5b3; --line: #333c47; --shade: #1b2129; --hit: #57c26f; --limit: #ff8a80;
            --c0: #6ea8fe; --c1: #ff9f68; --c2: #69db7c; --c3: #da9bee; --c4: #f0c94a; --c5: #4fd1d6; --c6: #ff8fb1; --c7: #a996ff;
          }
        }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        header, main { max-width: 1160px; margin: 0 auto; padding: 0 20px; }
        h1 { font-size: 1.6rem; margin: 24px 0 4px; }
        h2 { font-size: 1.2rem; margin: 32px 0 6px; padding-top: 10px; border-top: 1px solid var(--line); }
        h3 { font-size: 1rem; margin: 14px 0 4px; }
        nav a { color: var(--c0); margin-right: 14px; text-decoration: none; }
        nav a:hover { text-decoration: underline; }
        .note { color: var(--soft); margin: 0 0 8px; max-width: 80ch; }
        .facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(255px, 1fr)); gap: 4px 20px; margin: 8px 0; }
        .facts div { display: flex; gap: 8px; }
        .facts dt { color: var(--soft); } .facts dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
        .grid-of-charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 12px; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 6px 0 12px; }
        th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th:first-child { text-align: left; } thead th { color: var(--soft); font-weight: 600; }
        tbody tr:hover { background: var(--shade); }
        td small { color: var(--soft); display: block; font-size: 0.75rem; line-height: 1.1; }
        .config th, .config td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
        pre { background: var(--shade); padding: 12px; white-space: pre-wrap; overflow-wrap: anywhere; font: 13px/1.45 ui-monospace, monospace; border-radius: 6px; }
        .documents { display: grid; grid-template-columns: repeat(auto-fill, minmax(330px, 1fr)); gap: 12px; }
        article { background: var(--shade); border-radius: 6px; padding: 10px 12px; break-inside: avoid; }
        article p { margin: 0 0 6px; overflow-wrap: anywhere; } article h3 { margin: 0 0 4px; }
        article ul { list-style: none; margin: 0 0 4px; padding: 0; overflow-wrap: anywhere; }
        .yes { color: var(--hit); font-weight: 600; } .faint { color: var(--soft); }
        .chart { width: 100%; height: auto; background: var(--paper); }
        .chart text { font: 12px system-ui, sans-serif; fill: var(--ink); } .chart .tick { fill: var(--soft); font-size: 11px; }
        .chart .title { font-weight: 600; } .chart .grid { stroke: var(--line); } .chart .hit { fill: transparent; }
        .chart .mark { stroke: var(--soft); stroke-dasharray: 2 3; stroke-width: 2; } .chart path { fill: none; stroke-width: 1.8; }
        .chart .whisker { stroke-width: 2; } .chart .pale { opacity: 0.45; } .chart .limit { stroke: var(--limit); stroke-width: 2.5; }
        .legend { list-style: none; display: flex; flex-wrap: wrap; gap: 2px 16px; padding: 0; margin: 2px 0 6px; }
        .swatch { display: inline-block; width: 12px; height: 12px; border-radius: 3px; margin-right: 6px; }
        \(palette)
        @media print {
          :root { --paper: #ffffff; --ink: #000000; --soft: #444444; --line: #cccccc; --shade: #f7f7f7; }
          body { font-size: 11px; } nav { display: none; } section, svg, table, pre { break-inside: avoid; }
          main, header { max-width: none; } .grid-of-charts { grid-template-columns: 1fr 1fr; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
        }

        """

    /// Lines, fillings and swatches of each colour.
    private static var palette: String {
        (0..<Legend.colours).map { i in
            ".l\(i) { stroke: var(--c\(i)); } .f\(i) { fill: var(--c\(i)); } "
                + ".chart .b\(i) { fill: var(--c\(i)); } .swatch.b\(i) { background: var(--c\(i)); }"
        }.joined(separator: "\n")
    }
}
