// The browser's charts: only the parts of ECharts that the portal draws with.
import { init, use, getInstanceByDom } from "echarts/core";
import { BarChart, LineChart, PieChart } from "echarts/charts";
import { GridComponent, LegendComponent, TooltipComponent, AriaComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";

use([BarChart, LineChart, PieChart, GridComponent, LegendComponent, TooltipComponent, AriaComponent, CanvasRenderer]);

const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
const read = (element, name) => getComputedStyle(element).getPropertyValue(name).trim();
const colours = (element) => [1, 2, 3, 4, 5, 6].map((n) => read(element, `--series-${n}`));
const canvasOf = (figure) => figure.querySelector(".chart-canvas");

function look(figure, data) {
  const text = read(figure, "--muted");
  const line = read(figure, "--line");
  const words = { color: text, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 };
  const value = (number) => `${number.toLocaleString()}${data.unit ? ` ${data.unit}` : ""}`;
  const frame = {
    color: colours(figure),
    textStyle: words,
    animation: !isStill,
    animationDuration: 300,
    aria: { enabled: false },
    // richText: the HTML tooltip writes style attributes, which the content security policy forbids.
    tooltip: { renderMode: "richText", valueFormatter: value, confine: true, backgroundColor: read(figure, "--page"), borderColor: line, textStyle: { ...words, color: read(figure, "--text") } },
  };
  if (data.kind === "donut") return donut(frame, data, words, read(figure, "--page"));
  return axes(frame, data, words, line, frame.color);
}

function donut(frame, data, words, gap) {
  const slices = data.labels.map((name, i) => ({ name, value: data.series[0].values[i] }));
  return {
    ...frame,
    tooltip: { ...frame.tooltip, trigger: "item" },
    legend: { type: "plain", orient: "vertical", right: 0, top: "middle", itemWidth: 10, itemHeight: 10, textStyle: words },
    series: [{ type: "pie", radius: ["48%", "76%"], center: ["36%", "50%"], data: slices, label: { show: false }, itemStyle: { borderColor: gap, borderWidth: 2 } }],
  };
}

function axes(frame, data, words, line, palette) {
  const isLine = data.kind === "line";
  const isLying = data.kind === "rows";
  const names = { type: "category", data: data.labels, inverse: isLying, axisTick: { show: false }, axisLine: { lineStyle: { color: line } }, axisLabel: { ...words, hideOverlap: !isLying, interval: isLying ? 0 : "auto", width: isLying ? 130 : undefined, overflow: "truncate" } };
  const isWhole = data.series.every((series) => series.values.every(Number.isInteger));
  const values = { type: "value", minInterval: isWhole ? 1 : 0, name: isLying ? "" : data.unit, nameTextStyle: { ...words, align: "left" }, splitLine: { lineStyle: { color: line } }, axisLabel: words };
  return {
    ...frame,
    tooltip: { ...frame.tooltip, trigger: "axis", axisPointer: { type: isLine ? "line" : "shadow" } },
    legend: data.series.length > 1 ? { top: 0, right: 0, itemWidth: 10, itemHeight: 10, textStyle: words } : undefined,
    grid: { left: 4, right: 8, top: data.series.length > 1 ? 32 : 24, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: isLying ? values : names,
    yAxis: isLying ? names : values,
    series: data.series.map((series) => ({
      name: series.name,
      type: isLine ? "line" : "bar",
      color: palette[series.colour - 1],
      stack: isLying || data.kind === "stack" ? "all" : undefined,
      data: series.values,
      barMaxWidth: isLying ? 16 : 28,
      smooth: false,
      symbolSize: 6,
      areaStyle: isLine ? { opacity: 0.12 } : undefined,
    })),
  };
}

export function draw(figure) {
  const data = JSON.parse(figure.querySelector('script[type="application/json"]').textContent);
  figure.classList.add("is-live");
  const chart = init(canvasOf(figure));
  chart.setOption(look(figure, data));
  chart.on("click", ({ dataIndex }) => { if (data.urls[dataIndex]) location.assign(data.urls[dataIndex]); });
  new ResizeObserver(() => { if (!chart.isDisposed()) chart.resize(); }).observe(canvasOf(figure));
}

const live = (within) => [...within.querySelectorAll(".chart.is-live")];

export function forget(within) {
  live(within).forEach((figure) => getInstanceByDom(canvasOf(figure))?.dispose());
}

export function redraw() {
  live(document).forEach((figure) => { getInstanceByDom(canvasOf(figure))?.dispose(); draw(figure); });
}
