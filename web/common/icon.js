/* icon.js - the drawn signs. Each stands beside words, seen or for screen readers, and says nothing by itself. */

import { setAttribute } from './dom.js';

const SVG = 'http://www.w3.org/2000/svg';
const hrefOf = (name) => `icons.svg#${name}`;

export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    svg.append(document.createElementNS(SVG, 'use'));
    setIcon(svg, name);
    return svg;
}

export const setIcon = (svg, name) => setAttribute(svg.firstElementChild, 'href', hrefOf(name));
