/// A whole page: one file that needs no other, no script and no network.
struct PageFrame {
    var title: String
    var sections: [Section]

    /// A part of the page; nothing is shown of one without content.
    struct Section {
        /// Of the link to it.
        var id: String
        var heading: String
        /// A sentence on what is to be seen.
        var note: String = ""
        var content: Markup
    }

    private var shown: [Section] { sections.filter { $0.content != .none } }

    var html: String {
        let links = shown.map { "<a href='#\($0.id)'>\($0.heading)</a>\n" as Markup }
        let parts = shown.map { section -> Markup in
            let note: Markup = section.note.isEmpty ? .none : "<p class='note'>\(section.note)</p>\n"
            return """
                <section id='\(section.id)'>
                <h2>\(section.heading)</h2>
                \(note)\(section.content)</section>

                """
        }
        let page: Markup = """
            <!DOCTYPE html>
            <html lang='en'>
            <head>
            <meta charset='utf-8'>
            <meta name='viewport' content='width=device-width, initial-scale=1'>
            <meta name='color-scheme' content='light dark'>
            <meta name='generator' content='deepxml-dist'>
            <link rel='icon' href='data:,'>
            <title>\(title)</title>
            <style>
            \(Markup(raw: PageStyle.css))</style>
            </head>
            <body>
            <header><h1>\(title)</h1>
            <nav>\(links)</nav></header>
            <main>
            \(parts)</main>
            </body>
            </html>

            """
        return page.description
    }
}
