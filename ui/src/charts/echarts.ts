/** The parts of ECharts that are used; loaded only with the first chart. */
import { BarChart, LineChart } from "echarts/charts";
import { AriaComponent, DataZoomInsideComponent, GridComponent, LegendComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

use([
  BarChart, LineChart, AriaComponent, DataZoomInsideComponent, GridComponent, LegendComponent, TooltipComponent,
  CanvasRenderer,
]);

export { init };
