"""The report form in a browser: added and removed lines, the preview, the chart on the page of the task."""

import pytest
from playwright.sync_api import expect

from tests.e2e.pages.forms import ReportForm


@pytest.fixture(params=["page", "plain_page"], ids=["with JavaScript", "without JavaScript"])
def form(request) -> ReportForm:
    opened = ReportForm(request.getfixturevalue(request.param))
    opened.open()
    opened.choose("Sales of one year (10,000 rows)")
    if request.param == "plain_page":
        opened.show_columns()
    expect(opened.columns).to_be_visible()
    return opened


def test_a_grouped_report_is_built_by_clicks_and_its_chart_is_shown(form):
    page = form.page
    form.add("Add a group")
    group = page.get_by_label("One row for each", exact=True).and_(page.locator("select"))
    expect(group).to_be_focused()
    group.select_option("Region")
    form.add("Work something out")
    page.get_by_label("Column to work out").select_option("Amount")
    form.field("Chart").select_option("Bars")
    form.press()
    page.wait_for_url("**/#task-1")
    page.goto("/tasks/1")
    for _ in range(40):
        if page.locator("#task-live[data-live=done]").count():
            break
        page.wait_for_timeout(250)
        page.reload()
    expect(page.get_by_role("img", name="Bars: Amount by Region.")).to_be_visible()
    page.get_by_role("link", name="Look inside").click()
    expect(page.get_by_role("cell", name="2,551,151.08")).to_be_visible()


def test_an_added_line_takes_the_focus_and_a_removed_one_passes_it_on(form):
    page = form.page
    form.add("Add a filter")
    expect(page.get_by_label("Column to filter by")).to_be_focused()
    page.get_by_label("Column to filter by").select_option("Region")
    page.get_by_label("Value", exact=True).fill("North")
    form.add("Add a filter")
    expect(page.get_by_label("Column to filter by").nth(1)).to_be_focused()
    page.get_by_role("button", name="Remove line 2 of Only rows where").click()
    expect(page.get_by_label("Column to filter by")).to_have_count(1)
    expect(page.get_by_label("Value", exact=True)).to_have_value("North")
    expect(page.get_by_role("button", name="Remove line 1 of Only rows where")).to_be_focused()
    page.get_by_role("button", name="Remove line 1 of Only rows where").click()
    expect(page.get_by_role("button", name="Add a filter")).to_be_focused()


def test_the_preview_follows_choices_and_takes_no_focus(page):
    form = ReportForm(page).open()
    expect(form.preview).to_have_text("Choose data to see its first rows.")
    form.choose("Sales of one year (10,000 rows)")
    expect(form.preview).to_have_text("10,000 rows, 11 columns")
    form.columns.get_by_label("Region").check()
    expect(form.preview).to_have_text("10,000 rows, 1 column")
    form.field("Only the first rows").fill("7")
    expect(form.preview).to_have_text("7 rows, 1 column")
    expect(form.field("Only the first rows")).to_be_focused()


def test_a_shortcut_opens_the_filled_form_and_starts_nothing(form):
    page = form.page
    form.fill(Only_the_first_rows="3")
    page.get_by_text("Keep as a shortcut").first.click()
    form.fill(Name_of_the_shortcut="Three rows")
    page.get_by_role("button", name="Keep as a shortcut").click()
    expect(page.get_by_text("Kept as the shortcut “Three rows”")).to_be_visible()
    page.goto("/")
    page.get_by_role("link", name="Three rows").click()
    expect(form.field("Only the first rows")).to_have_value("3")
    page.goto("/tasks")
    expect(page.get_by_role("listitem").filter(has_text="Report")).to_have_count(0)
