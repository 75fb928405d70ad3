import Testing

@testable import Server

@Suite("Markup") struct HTMLTests {
    @Test("What is interpolated is text, in text and in attributes") func escaping() {
        let name = "<b>\"Ann\" & 'Bob'</b>"

        let markup: HTML = "<a title=\"\(name)\">\(name)</a>"

        let text = "&lt;b&gt;&quot;Ann&quot; &amp; &#39;Bob&#39;&lt;/b&gt;"
        #expect(markup.text == "<a title=\"\(text)\">\(text)</a>")
    }

    @Test("Markup in markup stays markup, several one after another, nothing for nil") func nesting() {
        let items = ["a", "<"].map { "<li>\($0)</li>" as HTML }
        let none: HTML? = nil

        let list: HTML = "<ul>\(items)</ul>\(none)\("hidden", when: true)\("open", when: false)"

        #expect(list.text == "<ul><li>a</li><li>&lt;</li></ul> hidden")
    }

    @Test("Data for scripts cannot end its element") func data() {
        #expect(HTML.data("{\"a\":\"</script><!--\"}").text == "{\"a\":\"\\u003C/script>\\u003C!--\"}")
    }
}
